package deptest

import (
	"go/ast"
	"strings"
	"testing"
)

// TestCoresStartNothing looks into the rooms that are pure state machines for
// goroutines, and for anything of package net but the error ErrClosed.
func TestCoresStartNothing(t *testing.T) {
	fset, all := files(t)
	seen := 0
	for _, f := range all {
		r, ok := roomOf(f.pkg)
		if f.pkg == "" || f.test || !ok || r.without == nil {
			continue
		}
		seen++
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				t.Errorf("%s: a goroutine is started in a pure state machine", fset.Position(n.Pos()))
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "net" && n.Sel.Name != "ErrClosed" {
					t.Errorf("%s: net.%s is used in a pure state machine", fset.Position(n.Pos()), n.Sel.Name)
				}
			}
			return true
		})
	}
	if seen == 0 {
		t.Error("no file of a pure state machine was found")
	}
}

// TestGoroutinesAreListed checks that a package which starts goroutines says in
// its comment which, and what ends them.
func TestGoroutinesAreListed(t *testing.T) {
	_, all := files(t)
	starts, listed := map[string]string{}, map[string]bool{}
	for _, f := range all {
		if f.pkg == "" || f.test {
			continue
		}
		if f.ast.Doc != nil && strings.Contains(strings.ToLower(f.ast.Doc.Text()), "goroutine") {
			listed[f.pkg] = true
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if _, ok := n.(*ast.GoStmt); ok {
				starts[f.pkg] = f.name
			}
			return true
		})
	}
	for pkg, name := range starts {
		if !listed[pkg] {
			t.Errorf("%s starts a goroutine; the comment of package %s does not speak of it", name, pkg)
		}
	}
}
