package web

import (
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc/examples/internal/transfer"
)

// The store keeps the latest files that fit its limit.
func TestStore(t *testing.T) {
	s := &store{limit: 100}
	put := func(size int64) (file, error) {
		u := &upload{store: s}
		defer u.end()
		if err := u.Begin(transfer.Header{Size: size}); err != nil {
			return file{}, err
		}
		if _, err := u.Write(make([]byte, size)); err != nil {
			return file{}, err
		}
		u.end()
		u.reserved = 0
		return s.keep("f", u.content.Bytes()), nil
	}
	has := func(f file) bool { _, ok := s.get(f.id); return ok }
	first, err := put(60)
	if err != nil || !has(first) {
		t.Fatal(err)
	}
	second, err := put(40)
	if err != nil || !has(first) || !has(second) {
		t.Errorf("100 bytes of 100 do not fit: %v", err)
	}
	third, err := put(50)
	if err != nil || has(first) || !has(second) || !has(third) {
		t.Errorf("the oldest has to go: %v, %v %v %v", err, has(first), has(second), has(third))
	}
	for _, size := range []int64{101, -1, 1 << 62} {
		if _, err := put(size); err == nil {
			t.Errorf("%d bytes were taken", size)
		}
	}
	if !has(third) {
		t.Error("a refused file has cost another its place")
	}
}

// Uploads at the same time share the limit.
func TestReservations(t *testing.T) {
	s := &store{limit: 100}
	if !s.reserve(60) || s.reserve(41) || !s.reserve(40) {
		t.Error("the limit is not shared")
	}
	s.release(60)
	if !s.reserve(60) {
		t.Error("what was released cannot be reserved")
	}
}

func TestSanitize(t *testing.T) {
	for name, want := range map[string]string{
		"holiday.jpg":                     "holiday.jpg",
		"Größe 1.txt":                     "Größe 1.txt",
		"../../etc/passwd":                "passwd",
		`C:\Users\me\a.txt`:               "a.txt",
		"a\x1b[31mb\n.txt":                "a_[31mb_.txt",
		"\xff\xfe":                        "_",
		"":                                "file",
		"..":                              "file",
		"/":                               "_",
		" . ":                             "file",
		"<script>":                        "_script_",
		"\u202egpj.exe":                   "_gpj.exe",
		strings.Repeat("x", 200) + ".txt": strings.Repeat("x", 96) + ".txt",
	} {
		if got := sanitize(name); got != want {
			t.Errorf("sanitize(%q) = %q, want %q", name, got, want)
		}
	}
}
