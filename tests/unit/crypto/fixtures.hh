// Files written by minisign 0.11.
#pragma once

#include <string>

namespace fixtures {

// Of `minisign -G -W`.
inline const std::string plain_public =
    "untrusted comment: minisign public key B36ECE0D1B0256DC\n"
    "RWTcVgIbDc5us1r9r1qk25/vxqOHEryBY/5nTdEP2ZcgfHG7D0WQw5NT\n";
inline const std::string plain_secret =
    "untrusted comment: minisign encrypted secret key\n"
    "RWQAAEIyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA3FYCGw3ObrOqQLLnDiyX"
    "iKTazA4HgJgufE2yGzcv4oV9HU/TaUQmVFr9r1qk25/vxqOHEryBY/"
    "5nTdEP2ZcgfHG7D0WQw5NTAAAAAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAAAAAAAAAAAA=\n";

// Of `minisign -G` with the pass phrase "hunter2".
inline const std::string encrypted_public =
    "untrusted comment: minisign public key 83C95365031BC400\n"
    "RWQAxBsDZVPJg6+AhnTE9l5VIaH+zWcnG5j3gR38Qpim8QqdFTG8uv9b\n";
inline const std::string encrypted_secret =
    "untrusted comment: minisign encrypted secret key\n"
    "RWRTY0IySTY4xDxsXSfDoU24kwz3IFvJkRYK4Ww552gwuEMwMFIAAAACAAAAAAAAAEAAAAAAYT1WFwsVcGm5d9lzchnDRF"
    "g7"
    "Wn63VXm1pWUk0O4W8SXuO6070JurBCByQtE55HEAhJrzWzwklcU1JawJ1tSBLTI42Ab26ns19O8qH+ZRn75bC1pNA9km+"
    "KI1"
    "BqGgy08//8mNx0MH9cI=\n";
// The same key after `minisign -C -W`, which keeps salt, limits and checksum.
inline const std::string decrypted_secret =
    "untrusted comment: minisign encrypted secret key\n"
    "RWQAAEIySTY4xDxsXSfDoU24kwz3IFvJkRYK4Ww552gwuEMwMFIAAAACAAAAAAAAAEAAAAAAAMQbA2VTyYMKkIm/"
    "HDPLWf+q"
    "4bnYlp7eWMJ+lHRj+VoKxG0zpfmGaa+AhnTE9l5VIaH+zWcnG5j3gR38Qpim8QqdFTG8uv9bO1s14yZap/"
    "ee85fxofm0YCtZ"
    "mjTElKcHTLP55Ss3RyU=\n";

// The plain key encrypted with the pass phrase "hunter2" and the least that scrypt may be asked
// for; minisign opens it.
inline const std::string cheap_secret =
    "untrusted comment: cheap\n"
    "RWRTY0IyAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8AgAAAAAAAAAAAAAEAAAAADIjYM/"
    "WFZb+8aTwvGbZnKyyb"
    "EYQFM1dQ+6+QuIkmwsAzYGYcumClICdeMW04OG66hP5AHDufuUpJTzs1mRhV7wvUgXkt9M0+"
    "24ZflZx2UUtJqyEkbE9P1W3q"
    "QeLIwKA8JYEgIRbw6mk=\n";

inline const std::string message = "a message\n";
inline const std::string comment = "shop 1.0";

// `minisign -S -t 'shop 1.0'` of the message by the plain key.
inline const std::string signature =
    "untrusted comment: signature from minisign secret key\n"
    "RUTcVgIbDc5us/RvR97k068aeb/UVgF3+o5HD58/"
    "uzlwye9Zv31ZW1jBKSO4pwih1fwXiltbJrP7Q8t26d0xX0fXKfDK2BTJgQs=\n"
    "trusted comment: shop 1.0\n"
    "wNVb5UIbpoRBHJcC6Aodq/"
    "lcDXsl35j8NNfRG1BqUrl6TOBJpdq7rTjPDB8TzKStMiFPruFDPMbVQI86g7KdDA==\n";
// The same with -l.
inline const std::string legacy_signature =
    "untrusted comment: signature from minisign secret key\n"
    "RWTcVgIbDc5us7nBBVZBIs+pHqf6QDg+"
    "57KslRlUxGynCcpbYZLOVoFN5pN8foaE3pn0TO0qoN3kN1JwyUH31nbdyiiJqk1g"
    "bwM=\n"
    "trusted comment: shop 1.0\n"
    "0MDpT4odXbwpCM6jck6MLC2PCzGa9FY+oqL2egd22CZkoWVxdbFUgXgaJEzvUzT2qpGEDf0VovKG1gGvB08JAw==\n";

}  // namespace fixtures
