//go:build !race

package program

// raceEnabled says that the tests run with the race detector: then the program does, too.
const raceEnabled = false
