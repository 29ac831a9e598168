package dtlstransport

import (
	"bytes"
	"encoding/gob"
	"io"
	"sync"
)

// engineState are the fields of the engine's serialized state that matter here.
type engineState struct {
	LocalRandom, RemoteRandom [32]byte
	MasterSecret              []byte
	SequenceNumber            uint64
	IsClient                  bool
}

// stateDecoder decodes the engine's serialized states, each a gob stream of its
// own. Every stream begins with the same definitions of types; compiling them
// costs ten times what the rest does, so that one decoder sees them once.
type stateDecoder struct {
	mu          sync.Mutex // guards what follows
	definitions []byte
	in          *bytes.Buffer
	gob         *gob.Decoder
}

var states stateDecoder

func (d *stateDecoder) decode(raw []byte) (s engineState, err error) {
	n := gobDefinitions(raw)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.gob == nil || !bytes.Equal(d.definitions, raw[:n]) {
		d.definitions, d.in = bytes.Clone(raw[:n]), new(bytes.Buffer)
		d.gob = gob.NewDecoder(d.in)
		n = 0
	}
	d.in.Write(raw[n:])
	if err = d.gob.Decode(&s); err == nil && d.in.Len() > 0 {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		d.gob = nil // who knows what it believes
	}
	return s, err
}

// gobDefinitions returns the length of the definitions at the beginning of a gob
// stream: messages whose type number is negative (package gob, "Encoding
// Details").
func gobDefinitions(b []byte) (n int) {
	for n < len(b) {
		length, start := gobUint(b[n:])
		typ, _ := gobUint(b[n+start:])
		if start == 0 || typ&1 == 0 || length > uint64(len(b)-n-start) {
			return n
		}
		n += start + int(length)
	}
	return n
}

// gobUint reads an unsigned integer: a byte below 128, or the negated count of
// the bytes that follow. n is 0 if there is none.
func gobUint(b []byte) (u uint64, n int) {
	if len(b) == 0 {
		return 0, 0
	}
	if b[0] < 128 {
		return uint64(b[0]), 1
	}
	n = 256 - int(b[0])
	if n > 8 || n >= len(b) {
		return 0, 0
	}
	for _, x := range b[1 : 1+n] {
		u = u<<8 | uint64(x)
	}
	return u, 1 + n
}
