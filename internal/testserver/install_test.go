package testserver

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// missing is a program that is nowhere until the package manager of this test, which knows every one of them by name, has run.
func missing(t *testing.T) (p program, installed func() bool) {
	t.Helper()
	dir := t.TempDir()
	mark := filepath.Join(dir, "installed")
	script := "#!/bin/sh\n: > '" + mark + "'\n"
	for _, name := range []string{"apt-get", "sudo", "env"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir)
	t.Setenv("TMPDIR", dir) // of the lock
	there := func() bool {
		_, err := os.Stat(mark)
		return err == nil
	}
	return program{name: "Nonesuch", packages: map[string][]string{"apt-get": {"nonesuch"}},
		find: func() (string, bool) { return mark, there() }}, there
}

func TestMissingServerIsAnErrorAndNotInstalled(t *testing.T) {
	p, installed := missing(t)
	_, err := locate(p)
	if err == nil || !strings.Contains(err.Error(), "Nonesuch is not installed") || !strings.Contains(err.Error(), "make test") {
		t.Errorf("a missing server: %v", err)
	}
	if installed() {
		t.Error("a test that looked for its server installed it")
	}
}

func TestMissingServerIsInstalledWhenAskedFor(t *testing.T) {
	p, _ := missing(t)
	if err := ensure(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if _, err := locate(p); err != nil {
		t.Error(err)
	}
}
