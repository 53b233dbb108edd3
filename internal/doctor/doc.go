// Package doctor checks an installation from outside and inside: what does not work, and how to cure it.
package doctor
