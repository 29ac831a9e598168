package deptest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// modulePath is the path of the root module.
const modulePath = "github.com/parleyrtc/webrtc"

// root is the directory of the root module, seen from this package.
const root = "../.."

// A file is a source file, parsed without regard to build constraints, so that
// those of every platform count.
type file struct {
	name string // relative to root, with slashes
	// pkg is the directory of its package in the root module, "." for the root;
	// "" for files of other modules, such as examples.
	pkg  string
	test bool
	text []byte
	ast  *ast.File
}

// imports returns the import paths of the file.
func (f file) imports() []string {
	var out []string
	for _, spec := range f.ast.Imports {
		out = append(out, strings.Trim(spec.Path.Value, `"`))
	}
	return out
}

// files parses every Go file of the repository.
func files(t *testing.T) (*token.FileSet, []file) {
	t.Helper()
	fset := token.NewFileSet()
	var out []file
	foreign := map[string]bool{} // directories of other modules
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		base := path.Base(rel)
		if entry.IsDir() {
			if rel != "." && (strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata" || base == "node_modules") {
				return filepath.SkipDir
			}
			if _, err := os.Stat(filepath.Join(name, "go.mod")); err == nil && rel != "." || foreign[path.Dir(rel)] {
				foreign[rel] = true
			}
			return nil
		}
		if !strings.HasSuffix(base, ".go") {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(fset, rel, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		f := file{name: rel, test: strings.HasSuffix(base, "_test.go"), text: text, ast: parsed}
		if !foreign[path.Dir(rel)] {
			f.pkg = path.Dir(rel)
		}
		out = append(out, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 50 {
		t.Fatalf("found %d source files; the walk is broken", len(out))
	}
	return fset, out
}
