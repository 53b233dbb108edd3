// Command weight says what in the program's binary weighs what: the symbols of a build that keeps them, by module.
//
//	go run ./test/weight
//
// The tables of functions and lines, which a stack trace needs, and the types are shared: they have lines of their own.
package main

import (
	"cmp"
	"context"
	"debug/elf"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "weight:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	folder, err := os.MkdirTemp("", "iagent-weight-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	binary := filepath.Join(folder, "iagent")
	// Without DWARF, which a released binary has not either.
	if out, err := command(ctx, "go", "build", "-trimpath", "-ldflags=-w", "-o", binary, "./cmd/iagent").CombinedOutput(); err != nil {
		return fmt.Errorf("building: %w\n%s", err, out)
	}
	info, err := os.Stat(binary)
	if err != nil {
		return err
	}
	modules, err := command(ctx, "go", "list", "-deps", "-f", "{{.ImportPath}} {{with .Module}}{{.Path}}{{end}}", "./cmd/iagent").Output()
	if err != nil {
		return fmt.Errorf("listing packages: %w", err)
	}
	byModule, packages, err := weigh(binary, modules)
	if err != nil {
		return fmt.Errorf("reading symbols: %w", err)
	}
	total := 0
	names := slices.SortedFunc(maps.Keys(byModule), func(a, b string) int { return cmp.Compare(byModule[b], byModule[a]) })
	fmt.Printf("%8s %9s  %s\n", "KiB", "packages", "module")
	for _, name := range names {
		total += byModule[name]
		fmt.Printf("%8d %9d  %s\n", byModule[name]>>10, packages[name], name)
	}
	fmt.Printf("%8d %9s  symbols, which a released binary has not, and the rest; of %d KiB\n", (int(info.Size())-total)>>10, "", info.Size()>>10)
	return nil
}

func command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	return cmd
}

// packageOf finds the import path at the beginning of a symbol's name.
var packageOf = regexp.MustCompile(`^(?:type:[.*]*|go:itab\.[*]*)?((?:[\w.~%-]+/)*[\w~%-]+)\.`)

// weigh adds up the sizes of the symbols by module, and counts the packages.
func weigh(binary string, list []byte) (size, packages map[string]int, err error) {
	size, packages = map[string]int{}, map[string]int{}
	moduleOf := map[string]string{}
	for line := range strings.Lines(string(list)) {
		path, module, _ := strings.Cut(strings.TrimSpace(line), " ")
		if module == "" {
			module = "standard library"
		}
		moduleOf[path] = module
		packages[module]++
	}
	file, err := elf.Open(binary)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	symbols, err := file.Symbols()
	if err != nil {
		return nil, nil, err
	}
	named := map[elf.SectionIndex]uint64{}
	for _, s := range symbols {
		if int(s.Section) >= len(file.Sections) || file.Sections[s.Section].Type == elf.SHT_NOBITS || !inFile(file.Sections[s.Section].Name) {
			continue // takes no room in the file, or is counted as a whole
		}
		module := "(strings, types and other data that are shared)"
		if match := packageOf.FindStringSubmatch(s.Name); match != nil {
			if m, known := moduleOf[strings.ReplaceAll(match[1], "%2e", ".")]; known {
				module = m
			}
		}
		size[module] += int(s.Size)
		named[s.Section] += s.Size
	}
	for i, section := range file.Sections {
		switch {
		case section.Name == ".gopclntab":
			size["(functions and lines, for stack traces)"] += int(section.FileSize)
		case inFile(section.Name) && section.FileSize > named[elf.SectionIndex(i)]:
			size["(strings, types and other data that are shared)"] += int(section.FileSize - named[elf.SectionIndex(i)])
		}
	}
	return size, packages, nil
}

// inFile are the sections whose symbols say whose they are.
func inFile(section string) bool {
	return slices.Contains([]string{".text", ".rodata", ".data", ".noptrdata"}, section)
}
