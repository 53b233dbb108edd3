package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// release is the released form of a repository's modules: a clone whose go.mod
// files require the tags of each other and replace nothing, and a proxy of files
// made from these tags.
type release struct {
	dir       string // holds all of it
	version   string // of every module
	log       io.Writer
	toolchain func(version string) (goCommand string, err error)

	modules []module // each after those that it requires; the root is the last
}

// module is one of the repository's, as its go.mod says.
type module struct {
	Path     string
	Dir      string // in the clone
	Go       string // the oldest version of Go that it promises to work with
	Requires []string
	Foreign  []string // replaced modules that are not ours
}

func (r *release) clone() string { return filepath.Join(r.dir, "clone") }

// proxy is what the go command keeps of the modules that it has made out of the
// tags: the layout of a module proxy.
func (r *release) proxy() string { return filepath.Join(r.dir, "direct", "cache", "download") }

// make clones HEAD of the repository, and changes, commits, tags and packs one
// module after the other, in the order in which they have to be published.
func (r *release) make(repository string) error {
	if out, err := command(repository, nil, "git", "status", "--porcelain"); err != nil {
		return err
	} else if out != "" {
		fmt.Fprintln(r.log, "note: what is not committed is not part of the release")
	}
	if _, err := command(repository, nil, "git", "clone", "--quiet", "--no-hardlinks", ".", r.clone()); err != nil {
		return err
	}
	if err := r.identify(); err != nil {
		return err
	}
	if err := r.load(); err != nil {
		return err
	}
	for _, m := range r.modules {
		if err := r.publish(m); err != nil {
			return fmt.Errorf("%s: %w", m.Path, err)
		}
	}
	return nil
}

// identify lets the clone commit where nobody has told git who they are.
func (r *release) identify() error {
	for key, value := range map[string]string{"user.name": "release", "user.email": "release@localhost"} {
		if _, err := command(r.clone(), nil, "git", "config", key); err == nil {
			continue
		}
		if _, err := command(r.clone(), nil, "git", "config", key, value); err != nil {
			return err
		}
	}
	return nil
}

// load reads the modules of go.work and sorts them.
func (r *release) load() error {
	out, err := command(r.clone(), nil, "go", "list", "-m", "-f", "{{.Dir}}")
	if err != nil {
		return err
	}
	found := map[string]module{}
	for _, dir := range strings.Fields(out) {
		m, err := readModule(dir)
		if err != nil {
			return err
		}
		found[m.Path] = m
	}
	var visit func(path string)
	visit = func(path string) {
		m, ours := found[path]
		if !ours || slices.ContainsFunc(r.modules, func(done module) bool { return done.Path == path }) {
			return
		}
		m.Requires = slices.DeleteFunc(m.Requires, func(p string) bool { _, ours := found[p]; return !ours })
		m.Foreign = slices.DeleteFunc(m.Foreign, func(p string) bool { _, ours := found[p]; return ours })
		for _, p := range m.Requires {
			visit(p)
		}
		r.modules = append(r.modules, m)
	}
	// The longest paths first: the root comes last whatever it requires.
	paths := slices.SortedFunc(maps.Keys(found), func(a, b string) int { return len(b) - len(a) })
	for _, path := range paths {
		visit(path)
	}
	return nil
}

func readModule(dir string) (module, error) {
	out, err := command(dir, nil, "go", "mod", "edit", "-json")
	if err != nil {
		return module{}, err
	}
	var file struct {
		Module  struct{ Path string }
		Go      string
		Require []struct{ Path string }
		Replace []struct{ Old struct{ Path string } }
	}
	if err := json.Unmarshal([]byte(out), &file); err != nil {
		return module{}, err
	}
	m := module{Path: file.Module.Path, Dir: dir, Go: file.Go}
	for _, require := range file.Require {
		m.Requires = append(m.Requires, require.Path)
	}
	for _, replace := range file.Replace {
		m.Foreign = append(m.Foreign, replace.Old.Path)
	}
	return m, nil
}

// publish brings one module into its released form, tags it, and adds it to the proxy.
func (r *release) publish(m module) error {
	if len(m.Foreign) > 0 {
		return fmt.Errorf("go.mod replaces %s: nobody could go install from it", strings.Join(m.Foreign, ", "))
	}
	edit := []string{"mod", "edit"}
	for _, path := range m.Requires {
		edit = append(edit, "-require="+path+"@"+r.version)
	}
	for _, other := range r.modules {
		edit = append(edit, "-dropreplace="+other.Path)
	}
	if _, err := command(m.Dir, nil, "go", edit...); err != nil {
		return err
	}
	// With a network, if there is one: a go.sum needs lines for modules that no build needs.
	online, err := command(m.Dir, nil, "go", "env", "GOPROXY")
	if err != nil {
		return err
	}
	if _, err := command(m.Dir, r.env(strings.TrimSpace(online)), "go", "mod", "tidy"); err != nil {
		return err
	}
	tag := r.version
	if sub, err := filepath.Rel(r.clone(), m.Dir); err != nil {
		return err
	} else if sub != "." {
		tag = filepath.ToSlash(sub) + "/" + tag
		// Brings the times of versions, which an importer's list needs as well.
		if _, err := command(m.Dir, r.env(strings.TrimSpace(online)), "go", "list", "-m", "all"); err != nil {
			return err
		}
	}
	for _, git := range [][]string{{"add", "--all"}, {"commit", "--quiet", "--allow-empty", "--message", "release " + tag}, {"tag", tag}} {
		if _, err := command(r.clone(), nil, "git", git...); err != nil {
			return err
		}
	}
	direct := append(r.env("direct"), "GOMODCACHE="+filepath.Join(r.dir, "direct"),
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=url.file://"+r.clone()+".insteadOf", "GIT_CONFIG_VALUE_0=https://"+repositoryOf(m.Path))
	if _, err := command(r.dir, direct, "go", "mod", "download", m.Path+"@"+r.version); err != nil {
		return err
	}
	fmt.Fprintf(r.log, "tagged %s\n", tag)
	return nil
}

// repositoryOf is host/owner/name, as Go takes it from a path on GitHub.
func repositoryOf(path string) string {
	return strings.Join(strings.Split(path, "/")[:3], "/")
}

// env looks for modules in the proxy of the release, then among those that this
// machine has, then at more.
func (r *release) env(more string) []string {
	have, err := command(".", nil, "go", "env", "GOMODCACHE")
	if err != nil {
		have = os.Getenv("GOMODCACHE")
	}
	proxies := []string{"file://" + r.proxy(), "file://" + filepath.Join(strings.TrimSpace(have), "cache", "download"), more}
	if more == "direct" {
		proxies = proxies[2:]
	}
	return []string{"GOPROXY=" + strings.Join(proxies, ","), "GOMODCACHE=" + filepath.Join(r.dir, "modules"),
		"GOWORK=off", "GOENV=off", "GOSUMDB=off", "GONOPROXY=", "GOPRIVATE=", "GOFLAGS=-modcacherw -trimpath", "CGO_ENABLED=0"}
}

// clean throws away what is not worth keeping.
func (r *release) clean() {
	os.RemoveAll(filepath.Join(r.dir, "modules"))
}

var errToolchain = errors.New("the toolchain is not in the module cache, and could not be downloaded")

// download is the go command of a version, which the one at hand fetches as a module.
func download(version string) (string, error) {
	root, err := command(".", []string{"GOTOOLCHAIN=go" + version}, "go", "env", "GOROOT")
	if err != nil {
		return "", fmt.Errorf("go %s: %w: with a network, GOTOOLCHAIN=go%s go version brings it: %w", version, errToolchain, version, err)
	}
	return filepath.Join(strings.TrimSpace(root), "bin", "go"), nil
}
