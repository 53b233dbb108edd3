package house

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Module is the path of the module whose house this is.
const Module = "github.com/i-agent/iagent"

// Source is one parsed Go file.
type Source struct {
	Path    string // from the module's root, with slashes: "inbox/event.go"
	Package string // name in its package clause
	Imports []string
	Lines   int

	fset *token.FileSet
	file *ast.File
}

// Load parses every Go file of the modules at and below root, whatever their
// build tags say. Folders that go build ignores are left out.
func Load(root string) ([]Source, error) {
	var sources []Source
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if entry.IsDir() {
			if rel != "." && foreign(rel) {
				return filepath.SkipDir
			}
			return nil
		}
		if path.Ext(rel) != ".go" {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		source, err := Parse(rel, text)
		if err != nil {
			return err
		}
		sources = append(sources, source)
		return nil
	})
	return sources, err
}

// Parse reads one file; name is its path from the module's root.
func Parse(name string, text []byte) (Source, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return Source{}, err
	}
	s := Source{
		Path: name, Package: file.Name.Name, fset: fset, file: file,
		Lines: fset.File(file.FileStart).LineCount(),
	}
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return Source{}, fmt.Errorf("%s: import %s: %w", name, spec.Path.Value, err)
		}
		s.Imports = append(s.Imports, imported)
	}
	return s, nil
}

// Dir is the folder of the file, "." for the module's root.
func (s Source) Dir() string { return path.Dir(s.Path) }

// IsTest says whether only tests see the file.
func (s Source) IsTest() bool { return strings.HasSuffix(s.Path, "_test.go") }

// IsGenerated says whether the file declares that a program wrote it.
func (s Source) IsGenerated() bool { return ast.IsGenerated(s.file) }

func (s Source) at(n ast.Node) string {
	return fmt.Sprintf("%s:%d", s.Path, s.fset.Position(n.Pos()).Line)
}

func foreign(dir string) bool {
	base := path.Base(dir)
	return strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || slices.Contains([]string{"testdata", "vendor", "bin"}, base)
}
