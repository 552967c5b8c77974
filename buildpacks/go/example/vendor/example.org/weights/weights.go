// Package weights writes grams as people do.
package weights

import "fmt"

// Written says 1500 as "1.5 kg".
func Written(grams int) string {
	if grams < 1000 {
		return fmt.Sprintf("%d g", grams)
	}
	return fmt.Sprintf("%.1f kg", float64(grams)/1000)
}
