//go:build !linux

package testserver

// MemoryFolder returns "": where memory can be used as a folder is known for Linux only.
func MemoryFolder() (dir string, err error) { return "", nil }
