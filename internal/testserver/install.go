package testserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// program is something we can find on this machine or have installed.
type program struct {
	name     string
	find     func() (string, bool)
	packages map[string][]string // by package manager; the first that installs will do
}

var postgresql = program{
	name: "PostgreSQL",
	find: findPostgres,
	packages: map[string][]string{
		"apt-get": {"postgresql"},
		"dnf":     {"postgresql-server"},
		"apk":     {"postgresql"},
		"brew":    {"postgresql@17", "postgresql"},
	},
}

var redisServer = program{
	name: "Redis",
	find: findRedis,
	packages: map[string][]string{
		"apt-get": {"redis-server", "valkey-server"},
		"dnf":     {"redis", "valkey"},
		"apk":     {"redis", "valkey"},
		"brew":    {"redis"},
	},
}

var chromium = program{
	name: "Chromium",
	find: findChromium,
	packages: map[string][]string{
		"apt-get": {"chromium-headless-shell", "chromium", "chromium-browser"},
		"dnf":     {"chromium"},
		"apk":     {"chromium"},
		"brew":    {"chromium"},
	},
}

// Chromium returns the path of the browser that tests look at pages with.
func Chromium() (string, error) { return locate(chromium) }

var nginx = program{
	name: "nginx",
	find: func() (string, bool) { return findFile("nginx") },
	packages: map[string][]string{
		"apt-get": {"nginx-light", "nginx"}, "dnf": {"nginx"}, "apk": {"nginx"}, "brew": {"nginx"},
	},
}

var caddy = program{
	name: "Caddy",
	find: func() (string, bool) { return findFile("caddy") },
	packages: map[string][]string{
		"apt-get": {"caddy"}, "dnf": {"caddy"}, "apk": {"caddy"}, "brew": {"caddy"},
	},
}

// locate returns where p is: a folder for PostgreSQL, a file for the others. It installs nothing: that is for who asks for it.
func locate(p program) (string, error) {
	if path, ok := p.find(); ok {
		return path, nil
	}
	return "", fmt.Errorf("%s is not installed: `make test` installs it, and so does `make withservers && bin/withservers -install`", p.name)
}

// Install installs PostgreSQL, PgBouncer, Redis, nginx, Caddy, Prometheus and Chromium with the package manager of this system, where they are nowhere.
// It never asks anything.
func Install(ctx context.Context) error {
	for _, p := range []program{postgresql, pgbouncer, redisServer, nginx, caddy, prometheusServer, chromium} {
		if err := ensure(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

func ensure(ctx context.Context, p program) error {
	if _, ok := p.find(); ok {
		return nil
	}
	// Several may ask at the same time: one of them installs.
	unlock, err := lockInstall()
	if err != nil {
		return err
	}
	defer unlock()
	if _, ok := p.find(); ok {
		return nil
	}
	if err := install(ctx, p); err != nil {
		return fmt.Errorf("installing %s: %w", p.name, err)
	}
	if _, ok := p.find(); !ok {
		return fmt.Errorf("%s was not found, although its package is installed now", p.name)
	}
	return nil
}

// findPostgres returns the folder with postgres and initdb, the newest
// version where there are several.
func findPostgres() (string, bool) { return folderWith("postgres", "initdb") }

// PostgresProgram returns the path of another program that comes with PostgreSQL, such as pg_dump.
func PostgresProgram(name string) (string, error) {
	dir, ok := folderWith("postgres", name)
	if !ok {
		return "", fmt.Errorf("%s of PostgreSQL is not installed: `make test` installs it", name)
	}
	return filepath.Join(dir, name), nil
}

// folderWith returns the newest PostgreSQL's folder that has all of these programs.
func folderWith(programs ...string) (string, bool) {
	var dirs []string
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/libexec/postgresql*",
		"/opt/homebrew/opt/postgresql*/bin", "/usr/local/opt/postgresql*/bin",
	} {
		found, _ := filepath.Glob(pattern)
		dirs = append(dirs, found...)
	}
	slices.SortStableFunc(dirs, func(a, b string) int { return digits(b) - digits(a) })
	if path, err := exec.LookPath("postgres"); err == nil {
		dirs = slices.Insert(dirs, 0, filepath.Dir(path))
	}
	i := slices.IndexFunc(dirs, func(dir string) bool {
		return !slices.ContainsFunc(programs, func(name string) bool { return !isExecutable(filepath.Join(dir, name)) })
	})
	if i < 0 {
		return "", false
	}
	return dirs[i], true
}

func findRedis() (string, bool) {
	for _, name := range []string{"redis-server", "valkey-server"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, true
		}
	}
	return "", false
}

// findFile looks where packages put servers, too: /usr/sbin is not on everybody's PATH.
func findFile(name string) (string, bool) {
	if path, err := exec.LookPath(name); err == nil {
		return path, true
	}
	for _, dir := range []string{"/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin"} {
		if path := filepath.Join(dir, name); isExecutable(path) {
			return path, true
		}
	}
	return "", false
}

// install runs the package manager of this system, never asking anything.
func install(ctx context.Context, p program) error {
	for _, manager := range []string{"apt-get", "dnf", "apk", "brew"} {
		if _, err := exec.LookPath(manager); err != nil {
			continue
		}
		var errs []error
		for _, pkg := range p.packages[manager] {
			fmt.Fprintf(os.Stderr, "testserver: installing %s with %s\n", pkg, manager)
			err := runAll(ctx, installCommands(manager, pkg))
			if err == nil {
				return nil
			}
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	}
	return fmt.Errorf("no package manager that we know (apt-get, dnf, apk, brew): install %s", p.name)
}

func installCommands(manager, pkg string) [][]string {
	switch manager {
	case "apt-get":
		// RUNLEVEL=1: the package shall not start a server of its own.
		apt := []string{"env", "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1", "apt-get", "-q", "-o", "DPkg::Lock::Timeout=300"}
		return [][]string{
			asRoot(append(slices.Clone(apt), "update")),
			asRoot(append(slices.Clone(apt), "install", "-y", "--no-install-recommends", pkg)),
		}
	case "dnf":
		return [][]string{asRoot([]string{"dnf", "install", "-y", "-q", pkg})}
	case "apk":
		return [][]string{asRoot([]string{"apk", "add", "--no-cache", pkg})}
	default: // Homebrew refuses root.
		return [][]string{{"brew", "install", "--quiet", pkg}}
	}
}

func asRoot(command []string) []string {
	if os.Geteuid() == 0 {
		return command
	}
	return append([]string{"sudo", "-n"}, command...)
}

func runAll(ctx context.Context, commands [][]string) error {
	for _, c := range commands {
		if out, err := output(ctx, exec.Command(c[0], c[1:]...)); err != nil {
			return fmt.Errorf("%s: %w\n%s", strings.Join(c, " "), err, tail(out))
		}
	}
	return nil
}

func lockInstall() (unlock func(), err error) {
	path := filepath.Join(os.TempDir(), "iagent-test-install-"+strconv.Itoa(os.Getuid())+".lock")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		f.Close()
		return nil, fmt.Errorf("locking %s: %w", path, err)
	}
	return func() { f.Close() }, nil
}

func isExecutable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}

// digits is the version number in a path such as /usr/lib/postgresql/15/bin.
func digits(path string) int {
	n := 0
	for _, r := range path {
		if r >= '0' && r <= '9' {
			n = n*10 + int(r-'0')
		}
	}
	return n
}

func findChromium() (string, bool) {
	for _, name := range []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, true
		}
	}
	return "", false
}
