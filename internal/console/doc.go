// Package console serves the web pages for operators.
package console

//go:generate go run github.com/a-h/templ/cmd/templ@v0.3.1100 generate
