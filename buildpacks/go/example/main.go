// Says how much flour there is, on 127.0.0.1.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"

	"example.org/weights"
)

var stock = []struct {
	name  string
	grams int
}{{"Rye", 52500}, {"Spelt", 800}}

func main() {
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	http.HandleFunc("/health", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		for _, flour := range stock {
			fmt.Fprintf(w, "%s: %s\n", flour.name, weights.Written(flour.grams))
		}
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+port, nil))
}
