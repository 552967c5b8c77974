module example.org/flour

go 1.19

require example.org/weights v1.0.0
