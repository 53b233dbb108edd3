package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// offline is the environment of a proof: modules come from files alone, and
// whoever tries HTTP all the same is led to a port where nobody listens.
func (r *release) offline() []string {
	const nowhere = "http://127.0.0.1:1"
	return append(r.env("off"), "GOTOOLCHAIN=local", "GOROOT=", "HTTP_PROXY="+nowhere, "HTTPS_PROXY="+nowhere,
		"http_proxy="+nowhere, "https_proxy="+nowhere)
}

// prove installs the program and imports each of the other modules.
func (r *release) prove(program string, graphs map[string]int) error {
	if err := r.proveInstall(program); err != nil {
		return err
	}
	for _, m := range r.modules[:len(r.modules)-1] {
		most, listed := graphs[m.Path]
		if !listed {
			return fmt.Errorf("%s: nobody has said how many modules it may bring", m.Path)
		}
		if err := r.proveImport(m, most); err != nil {
			return fmt.Errorf("%s: %w", m.Path, err)
		}
	}
	return nil
}

// proveInstall runs "go install …@version", then the program, which has to know
// its version.
func (r *release) proveInstall(program string) error {
	root := r.modules[len(r.modules)-1]
	bin := filepath.Join(r.dir, "bin")
	from := root.Path + "/" + program + "@" + r.version
	if _, err := command(r.dir, append(r.offline(), "GOBIN="+bin), "go", "install", from); err != nil {
		return err
	}
	out, err := command(r.dir, nil, filepath.Join(bin, filepath.Base(program)), "version")
	if err != nil {
		return err
	}
	if !slices.Contains(strings.Fields(out), r.version) {
		return fmt.Errorf("%s calls itself %q", from, strings.TrimSpace(out))
	}
	fmt.Fprintf(r.log, "go install %s: %s", from, out)
	return nil
}

// proveImport runs the module's own tests with the oldest Go that its go.mod
// promises, and adds the module to a new program of that Go. The program's own
// lines stay as they are. Its module list has at most so many lines, and where
// the module brings none, its go.mod has one line more.
func (r *release) proveImport(m module, most int) error {
	version := m.Go
	if strings.Count(version, ".") == 1 {
		version += ".0"
	}
	goCommand, err := r.toolchain(version)
	if err != nil {
		return err
	}
	env := r.offline()
	if _, err := command(m.Dir, env, goCommand, "test", "./..."); err != nil {
		return err
	}
	packages, err := command(m.Dir, env, goCommand, "list", "./...")
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(r.dir, "importer-")
	if err != nil {
		return err
	}
	before := "module example.com/importer\n\ngo " + m.Go + "\n"
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(before), 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "main.go"), importing(strings.Fields(packages)), 0o644); err != nil {
		return err
	}
	for _, args := range [][]string{{"get", m.Path + "@" + r.version}, {"mod", "tidy"}, {"build", "-o", os.DevNull, "."}} {
		if _, err := command(dir, env, goCommand, args...); err != nil {
			return err
		}
	}
	after, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return err
	}
	list, err := command(dir, env, goCommand, "list", "-m", "all")
	if err != nil {
		return err
	}
	added, err := newLines(before, string(after))
	if err != nil {
		return err
	}
	lines := strings.Count(list, "\n")
	fmt.Fprintf(r.log, "%s: with Go %s, %d new in go.mod, %d lines of go list -m all\n", m.Path, version, len(added), lines)
	if lines > most {
		return fmt.Errorf("an importer gets %d lines of go list -m all, want at most %d:\n%s", lines, most, list)
	}
	if want := "require " + m.Path + " " + r.version; most == 2 && !slices.Equal(added, []string{want}) {
		return fmt.Errorf("an importer's go.mod has %q more, want %q", added, want)
	}
	return nil
}

// importing is a program that imports all packages that it may.
func importing(packages []string) []byte {
	var b bytes.Buffer
	b.WriteString("package main\n\n")
	for _, p := range packages {
		if !strings.Contains(p+"/", "/internal/") {
			fmt.Fprintf(&b, "import _ %q\n", p)
		}
	}
	b.WriteString("\nfunc main() {}\n")
	return b.Bytes()
}

// newLines are the lines of after that are not in before, all of which must be
// in after in their order.
func newLines(before, after string) ([]string, error) {
	old := strings.FieldsFunc(before, func(r rune) bool { return r == '\n' })
	var added []string
	for line := range strings.Lines(after) {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
		case len(old) > 0 && line == old[0]:
			old = old[1:]
		default:
			added = append(added, line)
		}
	}
	if len(old) > 0 {
		return nil, fmt.Errorf("the importer's go.mod lost the line %q:\n%s", old[0], after)
	}
	return added, nil
}
