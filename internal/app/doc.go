// Package app reads the configuration and wires the parts into a running i-agent. Only this package imports all the others.
package app
