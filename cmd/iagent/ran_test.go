package main

import (
	"os"
	"path/filepath"
	"testing"
)

// printed is what a command prints, and its exit code.
func printed(t *testing.T, args ...string) (string, int) {
	t.Helper()
	stdout, _, code := ran(t, args...)
	return stdout, code
}

// ran is what a command writes and its exit code.
func ran(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	read := redirected(t, &os.Stdout)
	readErr := redirected(t, &os.Stderr)
	code = run(args)
	return read(), readErr(), code
}

// redirected makes a stream a file, until what was written there is read.
func redirected(t *testing.T, stream **os.File) (read func() string) {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	before := *stream
	*stream = file
	return func() string {
		*stream = before
		_ = file.Close()
		text, err := os.ReadFile(file.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
}

// fed gives a command a text on its standard input.
func fed(t *testing.T, text string) {
	t.Helper()
	file := written(t, "in", text)
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	before := os.Stdin
	os.Stdin = in
	t.Cleanup(func() {
		os.Stdin = before
		_ = in.Close()
	})
}

// written is the path of a file with a text.
func written(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
