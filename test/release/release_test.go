package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// files is a repository of two modules: a program, and a library that it uses
// and replaces by the folder beside it.
func files() map[string]string {
	const old, path = "\n\ngo 1.25\n", "github.com/example/thing"
	return map[string]string{
		"go.work": "go 1.25\n\nuse (\n\t.\n\t./lib\n)\n",
		"go.mod":  "module " + path + old + "\nrequire " + path + "/lib v0.0.0\n\nreplace " + path + "/lib => ./lib\n",
		"cmd/thing/main.go": `package main

import (
	"fmt"
	"runtime/debug"

	"` + path + `/lib"
)

func main() {
	info, _ := debug.ReadBuildInfo()
	fmt.Println(lib.Name, info.Main.Version)
}
`,
		"lib/go.mod":      "module " + path + "/lib" + old,
		"lib/lib.go":      "package lib\n\nconst Name = \"thing\"\n",
		"lib/lib_test.go": "package lib\n\nimport \"testing\"\n\nfunc TestName(t *testing.T) {\n\tif Name == \"\" {\n\t\tt.Fail()\n\t}\n}\n",
	}
}

// attempt makes and proves a release of a repository of these files.
func attempt(t *testing.T, content map[string]string) (string, error) {
	t.Helper()
	repository := t.TempDir()
	for name, text := range content {
		path := filepath.Join(repository, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"init", "--quiet"}, {"add", "--all"},
		{"-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--message", "all"}} {
		if _, err := command(repository, nil, "git", args...); err != nil {
			t.Fatal(err)
		}
	}
	var log strings.Builder
	r := &release{dir: t.TempDir(), version: "v1.2.3", log: io.MultiWriter(&log, t.Output()),
		toolchain: func(string) (string, error) { return "go", nil }}
	if err := r.make(repository); err != nil {
		return log.String(), err
	}
	return log.String(), r.prove("cmd/thing", map[string]int{"github.com/example/thing/lib": 2, "github.com/example/thing/more": 2})
}

func TestReleasedFormIsInstalledAndImported(t *testing.T) {
	log, err := attempt(t, files())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(log, "tagged lib/v1.2.3\ntagged v1.2.3\n") {
		t.Errorf("the tags are not in the order in which they are required:\n%s", log)
	}
}

func TestReleaseThatNobodyCouldUseIsRefused(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(map[string]string)
		want  string
	}{
		"a replaced module of others": {func(f map[string]string) { f["go.mod"] += "replace golang.org/x/text => golang.org/x/text v0.3.0\n" },
			"replaces golang.org/x/text"},
		"an unknown version": {func(f map[string]string) {
			f["cmd/thing/main.go"] = strings.Replace(f["cmd/thing/main.go"], "info.Main.Version", `"devel"`, 1)
			f["cmd/thing/main.go"] = strings.Replace(f["cmd/thing/main.go"], "info, _ :=", "_, _ =", 1)
		}, "calls itself"},
		"a library with a dependency": {func(f map[string]string) {
			f["go.work"] = strings.Replace(f["go.work"], "./lib\n", "./lib\n\t./more\n", 1)
			f["more/go.mod"] = "module github.com/example/thing/more\n\ngo 1.25\n"
			f["more/more.go"] = "package more\n"
			f["lib/go.mod"] += "\nrequire github.com/example/thing/more v0.0.0\n\nreplace github.com/example/thing/more => ../more\n"
			f["lib/lib.go"] = "package lib\n\nimport _ \"github.com/example/thing/more\"\n\nconst Name = \"thing\"\n"
		}, "3 lines of go list -m all, want at most 2"},
		"a library whose tests fail": {func(f map[string]string) { f["lib/lib.go"] = "package lib\n\nconst Name = \"\"\n" }, "FAIL"},
	} {
		t.Run(name, func(t *testing.T) {
			content := files()
			test.spoil(content)
			if _, err := attempt(t, content); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

func TestImportersOwnLinesStayAsTheyAre(t *testing.T) {
	const before = "module a\n\ngo 1.22\n"
	for _, tc := range []struct{ after, added, fault string }{
		{"module a\n\ngo 1.22\n\nrequire b v1.0.0\n", "require b v1.0.0", ""},
		{"module a\n\ngo 1.23\n\nrequire b v1.0.0\n", "", `lost the line "go 1.22"`},
		{"module a\n\ngo 1.22\n\ntoolchain go1.26.0\n", "toolchain go1.26.0", ""},
	} {
		added, err := newLines(before, tc.after)
		if got := strings.Join(added, "; "); got != tc.added || (err != nil) != (tc.fault != "") || err != nil && !strings.Contains(err.Error(), tc.fault) {
			t.Errorf("%q: added %q, %v", tc.after, got, err)
		}
	}
}
