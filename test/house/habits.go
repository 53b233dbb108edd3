package house

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"
)

// maxLines bounds a file: who opens it wants to see all of it.
const maxLines = 600

var vagueNames = []string{"base", "common", "helper", "helpers", "misc", "model", "models", "shared", "types", "util", "utils"}

// CheckPackages returns a line for every package without a comment and every
// package whose name says nothing.
func CheckPackages(sources []Source) []string {
	comments := map[string]bool{}
	names := map[string]string{}
	for _, s := range sources {
		if s.IsTest() && strings.HasSuffix(s.Package, "_test") {
			s.Package = strings.TrimSuffix(s.Package, "_test")
		}
		names[s.Dir()] = s.Package
		doc := s.file.Doc.Text()
		comments[s.Dir()] = comments[s.Dir()] || strings.HasPrefix(doc, "Package "+s.Package) ||
			s.Package == "main" && doc != ""
	}
	var faults []string
	for dir, name := range names {
		if !comments[dir] {
			faults = append(faults, fmt.Sprintf("%s: no comment %q: a package says what it is for, in doc.go", dir, "Package "+name+" ..."))
		}
		if slices.Contains(vagueNames, name) {
			faults = append(faults, fmt.Sprintf("%s: package %s could hold anything: name what it does", dir, name))
		}
	}
	slices.Sort(faults)
	return faults
}

// CheckLength returns a line for every file that is too long to read.
func CheckLength(sources []Source) []string {
	var faults []string
	for _, s := range sources {
		if s.Lines > maxLines && !s.IsGenerated() {
			faults = append(faults, fmt.Sprintf("%s: %d lines, at most %d: a file holds one thing", s.Path, s.Lines, maxLines))
		}
	}
	return faults
}

// CheckHabits returns a line for everything within a file that we do not do.
func CheckHabits(sources []Source) []string {
	var faults []string
	for _, s := range sources {
		if s.IsGenerated() {
			continue
		}
		add := func(n ast.Node, what string) { faults = append(faults, s.at(n)+": "+what) }
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Name.Name == "init" && n.Recv == nil {
					add(n, "func init: nothing happens by importing; call it from a constructor")
				}
			case *ast.CallExpr:
				checkCall(s, n, add)
			}
			return true
		})
	}
	return faults
}

func checkCall(s Source, call *ast.CallExpr, add func(ast.Node, string)) {
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return
	}
	receiver, ok := selector.X.(*ast.Ident)
	if !ok {
		return
	}
	switch name := receiver.Name + "." + selector.Sel.Name; {
	case name == "time.Sleep" && s.IsTest() && !slices.Contains(s.Imports, "testing/synctest"):
		add(call, "time.Sleep in a test: wait for what happens, or use testing/synctest or the clock")
	case slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, selector.Sel.Name) && slices.Contains([]string{"t", "b", "f", "tb"}, receiver.Name):
		add(call, name+": a test that does not run proves nothing; a missing server is a failure")
	case slices.Contains([]string{"time.Now", "time.Since", "time.Until"}, name) && !s.IsTest() && slices.Contains(clockless, s.Dir()):
		add(call, name+": a decision sees no clock; it is given the time")
	}
}

// clockless packages decide the same thing whenever they are asked.
var clockless = []string{"internal/interview", "internal/evidence", "internal/webhook"}
