// Package week plays days of calls in seconds: the whole program and the simulated Twilio in one process, on one virtual clock that
// moves from one event to the next. Nothing in it depends on how fast the machine is.
package week
