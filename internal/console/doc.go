// Package console serves the pages for the people who run i-agent.
package console
