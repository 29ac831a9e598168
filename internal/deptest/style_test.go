package deptest

import (
	"bytes"
	"go/ast"
	"go/format"
	"go/token"
	"strings"
	"testing"
)

// maxLines is the length of the longest source file.
const maxLines = 600

// TestFilesAreFormatted checks every file, of every module, against gofmt.
func TestFilesAreFormatted(t *testing.T) {
	_, all := files(t)
	for _, f := range all {
		want, err := format.Source(f.text)
		if err != nil {
			t.Errorf("%s: %v", f.name, err)
		} else if !bytes.Equal(f.text, want) {
			t.Errorf("%s: gofmt would change it", f.name)
		}
	}
}

// TestFilesAreShort keeps a file to one concern.
func TestFilesAreShort(t *testing.T) {
	_, all := files(t)
	for _, f := range all {
		if n := bytes.Count(f.text, []byte("\n")); n > maxLines {
			t.Errorf("%s has %d lines, %d at most are allowed", f.name, n, maxLines)
		}
	}
}

// TestPackagesCheckForLeaks looks for the TestMain with leaktest.Main in every
// package that has tests.
func TestPackagesCheckForLeaks(t *testing.T) {
	_, all := files(t)
	tested, checked := map[string]bool{}, map[string]bool{}
	for _, f := range all {
		if f.pkg == "" || !f.test {
			continue
		}
		tested[f.pkg] = true
		if bytes.Contains(f.text, []byte("leaktest.Main(m)")) {
			checked[f.pkg] = true
		}
	}
	for pkg := range tested {
		if !checked[pkg] {
			t.Errorf("the tests of %s do not call leaktest.Main from TestMain", pkg)
		}
	}
}

// TestEveryExportedNameIsExplained checks that packages, and the exported
// types, functions, methods, constants and variables in them, have comments. A
// group of constants or variables may have one for all. String, Error and the
// like need none: their names say it.
func TestEveryExportedNameIsExplained(t *testing.T) {
	fset, all := files(t)
	packages := map[string]bool{}
	for _, f := range all {
		if f.test || f.pkg == "" {
			continue
		}
		packages[f.pkg] = packages[f.pkg] || f.ast.Doc != nil
		for _, d := range f.ast.Decls {
			for _, id := range unexplained(d) {
				t.Errorf("%s: %s has no comment", fset.Position(id.Pos()), id.Name)
			}
		}
	}
	for pkg, explained := range packages {
		if !explained {
			t.Errorf("package %s has no comment", pkg)
		}
	}
}

// conventional are the methods whose meaning an interface of the standard
// library fixes.
var conventional = map[string]bool{
	"String": true, "Error": true, "Unwrap": true, "As": true, "Is": true,
	"NewLogger": true, "Trace": true, "Tracef": true, "Debug": true, "Debugf": true,
	"Info": true, "Infof": true, "Warn": true, "Warnf": true, "Errorf": true,
}

// unexplained returns the exported names that d declares without a comment.
func unexplained(d ast.Decl) []*ast.Ident {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Doc != nil || !d.Name.IsExported() || d.Recv != nil && (!exportedReceiver(d) || conventional[d.Name.Name]) {
			return nil
		}
		return []*ast.Ident{d.Name}
	case *ast.GenDecl:
		var out []*ast.Ident
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() && s.Doc == nil && (d.Doc == nil || d.Lparen.IsValid()) {
					out = append(out, s.Name)
				}
			case *ast.ValueSpec:
				if s.Doc != nil || s.Comment != nil || d.Doc != nil {
					continue
				}
				for _, name := range s.Names {
					if name.IsExported() {
						out = append(out, name)
					}
				}
			}
		}
		return out
	}
	return nil
}

// exportedReceiver reports whether the type that a method belongs to is
// exported.
func exportedReceiver(d *ast.FuncDecl) bool {
	name := ""
	ast.Inspect(d.Recv.List[0].Type, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && name == "" {
			name = id.Name
		}
		return name == ""
	})
	return token.IsExported(strings.TrimPrefix(name, "*"))
}
