// Command release makes the released form of this repository's modules in a
// clone of HEAD and proves, from a module proxy of files and without a network,
// that it can be installed and imported:
//
//	go run ./test/release                              what make release-check does
//	go run ./test/release -version v0.2.0 -keep DIR    and keeps the clone, with its commits and tags
//
// RELEASING.md says what becomes of them.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

// graphs has for each module how many lines "go list -m all" may have in a
// program that requires nothing else: the program, the module, and what the
// module brings. A higher number is a decision (docs/adr/0012-modules.md).
var graphs = map[string]int{
	"github.com/i-agent/iagent/signature":      2,
	"github.com/i-agent/iagent/inbox":          3,
	"github.com/i-agent/iagent/inbox/inboxpgx": 23,
	"github.com/i-agent/iagent/simulator":      4,
}

func main() {
	version := flag.String("version", "v0.1.0", "version of every tag")
	keep := flag.String("keep", "", "new folder for the clone and the proxy, which stays; empty is a temporary one")
	flag.Parse()
	if err := run(*version, *keep); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(version, keep string) error {
	dir := keep
	if dir == "" {
		temporary, err := os.MkdirTemp("", "release-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(temporary)
		dir = temporary
	} else if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	r := &release{dir: dir, version: version, log: os.Stdout, toolchain: download}
	defer r.clean()
	if err := r.make("."); err != nil {
		return err
	}
	if err := r.prove("cmd/iagent", graphs); err != nil {
		return err
	}
	if keep != "" {
		fmt.Printf("the commits and tags are in %s\n", r.clone())
	}
	return nil
}
