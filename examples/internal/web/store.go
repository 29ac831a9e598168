package web

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/parleyrtc/webrtc/examples/internal/transfer"
)

// A file is one that a browser has sent.
type file struct {
	id   int
	name string
	data []byte
}

// A store keeps the files of a session in memory, the latest of them up to a
// limit.
type store struct {
	limit int64 // bytes

	mu       sync.Mutex // guards all below
	files    []file
	lastID   int
	reserved int64 // of uploads under way
}

// reserve makes room for an upload that begins, by giving up older files. It
// reports false if there cannot be enough.
func (s *store) reserve(size int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if size < 0 || size > s.limit-s.reserved {
		return false
	}
	s.reserved += size
	s.shrink()
	return true
}

// release gives back what was reserved.
func (s *store) release(size int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reserved -= size
}

// shrink drops the oldest files until the rest fits. mu is held.
func (s *store) shrink() {
	total := s.reserved
	for i := len(s.files) - 1; i >= 0; i-- {
		total += int64(len(s.files[i].data))
		if total > s.limit {
			s.files = slices.Delete(s.files, 0, i+1)
			return
		}
	}
}

// keep stores a file whose reservation has been released.
func (s *store) keep(name string, data []byte) file {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastID++
	f := file{id: s.lastID, name: name, data: data}
	s.files = append(s.files, f)
	s.shrink()
	return f
}

func (s *store) get(id int) (file, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.files, func(f file) bool { return f.id == id })
	if i < 0 {
		return file{}, false
	}
	return s.files[i], true
}

// An upload is a file on its way into the store.
type upload struct {
	store    *store
	content  bytes.Buffer
	reserved int64
}

// Begin refuses a file that is too large.
func (u *upload) Begin(h transfer.Header) error {
	if !u.store.reserve(h.Size) {
		return fmt.Errorf("%d bytes are too many, at most %d are kept", h.Size, u.store.limit)
	}
	u.reserved = h.Size
	return nil
}

// Write takes a piece of the file. The memory grows with what arrives, not with
// what was announced.
func (u *upload) Write(b []byte) (int, error) { return u.content.Write(b) }

// Progress is for those who watch; here the page does.
func (u *upload) Progress(int64) {}

// end gives the reservation back.
func (u *upload) end() { u.store.release(u.reserved) }

// maxName is the length of the longest file name, in characters.
const maxName = 100

// sanitize returns the last element of a file name that a peer has sent, with
// nothing in it that a terminal or file system would take amiss.
func sanitize(name string) string {
	name = path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, "_"), `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || strings.ContainsRune(`<>:"|?*/`, r) {
			return '_'
		}
		return r
	}, name)
	name = strings.Trim(name, " .")
	if r := []rune(name); len(r) > maxName {
		name = string(r[len(r)-maxName:]) // the end has the extension
	}
	if name == "" {
		return "file"
	}
	return name
}
