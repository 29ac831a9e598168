package sdp

import (
	"reflect"
	"testing"
)

// FuzzParse reads anything: it never panics, what it accepts is written as a
// description that reads as the same model, and writing that again changes
// nothing.
func FuzzParse(f *testing.F) {
	for _, text := range goldenFiles(f) {
		f.Add(text)
	}
	for _, text := range readFiles(f, goldens+"/broken/*.sdp") {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text)
		if err != nil {
			if s != nil {
				t.Error("both a description and an error")
			}
			return
		}
		written := s.Marshal()
		again, err := Parse(written)
		if err != nil {
			t.Fatalf("what Marshal wrote does not parse: %v\n%q", err, written)
		}
		if second := again.Marshal(); second != written {
			t.Fatalf("a second round trip changed\n%q\nto\n%q", written, second)
		}
		if !reflect.DeepEqual(normal(s), normal(again)) {
			t.Fatalf("a round trip changed the model from\n%s\nto\n%s", summary(s), summary(again))
		}
		wantCRLF(t, written)
		if !reflect.DeepEqual(s, s.Clone()) {
			t.Fatal("a clone differs")
		}
	})
}
