package inboxsql_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The examples of module inbox that need a driver have no "Output:", since the module requires none: run there, they would fail.
// Here they get a driver and are run, by an overlay over the files of the module.
func TestExamplesPrintWhatTheySay(t *testing.T) {
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	overlay := map[string]map[string]string{"Replace": {}}
	replace := func(name string, content []byte) {
		with := filepath.Join(t.TempDir(), filepath.Base(name))
		if err := os.WriteFile(with, content, 0o600); err != nil {
			t.Fatal(err)
		}
		overlay["Replace"][filepath.Join(root, name)] = with
	}
	for folder, name := range map[string]string{"inbox": "inbox_test", "inbox/inboxsql": "inboxsql_test"} {
		examples, err := os.ReadFile(filepath.Join(root, folder, "example_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		replace(folder+"/example_test.go", bytes.ReplaceAll(examples, []byte("// Prints:"), []byte("// Output:")))
		replace(folder+"/driver_test.go", []byte("package "+name+"\n\nimport _ \"modernc.org/sqlite\"\n"))
	}
	file := filepath.Join(t.TempDir(), "overlay.json")
	content, err := json.Marshal(overlay)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "go", "test", "-v", "-count=1", "-overlay", file, "-run", "^Example", "./inbox", "./inbox/inboxsql")
	command.Dir, command.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, example := range []string{"ExampleHandler ", "ExampleNew ", "ExampleProcessor_Prune "} {
		if !strings.Contains(string(out), "--- PASS: "+example) {
			t.Errorf("%swas not run:\n%s", example, out)
		}
	}
}
