// Package console serves the web pages for operators.
package console
