// Package app reads the configuration and wires the parts into a running i-agent. It alone knows everybody.
package app
