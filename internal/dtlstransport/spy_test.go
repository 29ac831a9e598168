package dtlstransport

import (
	"bytes"
	"testing"
)

// opened is a protected record as its receiver reads it.
type opened struct {
	typ     uint8
	content []byte
}

// sealed returns what p has sent under protection so far, opened with its keys.
func (p *peer) sealed() []opened {
	p.t.Helper()
	of, ok := suiteFor(p.session.suite)
	if !ok {
		p.t.Fatalf("no records for %v", p.session.suite)
	}
	key, _, err := p.session.protections(of)
	if err != nil {
		p.t.Fatal(err)
	}
	var out []opened
	for _, r := range protectedRecords(p.out.log()) {
		content, ok := key.open(nil, r)
		if !ok {
			p.t.Fatalf("%v sent %x, which is not authentic", p.role, r.raw)
		}
		out = append(out, opened{r.typ, content})
	}
	return out
}

func protectedRecords(datagrams [][]byte) (out []record) {
	for _, b := range datagrams {
		for r, rest, ok := nextRecord(b); ok; r, rest, ok = nextRecord(rest) {
			if r.epoch == 1 {
				out = append(out, r)
			}
		}
	}
	return out
}

// countSealed returns how many records of the type, with content that begins
// like this, p has sent under protection.
func (p *peer) countSealed(typ uint8, beginning ...byte) int {
	n := 0
	for _, r := range p.sealed() {
		if r.typ == typ && bytes.HasPrefix(r.content, beginning) {
			n++
		}
	}
	return n
}

// wantNoNonceTwice looks at every record that left either end: RFC 5288 §3: "The
// nonce_explicit MUST be distinct for each invocation of the GCM encrypt
// function for any fixed key"; no number of an epoch is used twice either.
func (p *pair) wantNoNonceTwice(why string) {
	p.t.Helper()
	for _, x := range []*peer{p.a, p.b} {
		seen, nonces := map[uint64][]byte{}, map[string]bool{}
		for _, r := range protectedRecords(x.out.log()) {
			n := r.sequence()
			if before, ok := seen[n]; ok {
				p.t.Fatalf("%s: the %v end sent two records with number %d:\n%x\n%x", why, x.role, n, before, r.raw)
			}
			seen[n] = r.raw
			if suite, ok := suiteFor(x.session.suite); ok && suite.explicit > 0 {
				nonce := string(r.body[:suite.explicit])
				if nonces[nonce] {
					p.t.Fatalf("%s: the %v end sent two records with nonce %x", why, x.role, nonce)
				}
				nonces[nonce] = true
			}
		}
		first := map[uint64]bool{}
		for _, b := range x.out.log() {
			for r, rest, ok := nextRecord(b); ok; r, rest, ok = nextRecord(rest) {
				if n := r.sequence(); r.epoch == 0 && first[n] {
					p.t.Fatalf("%s: the %v end sent two unprotected records with number %d", why, x.role, n)
				} else if r.epoch == 0 {
					first[n] = true
				}
			}
		}
	}
}

// hasChangeCipherSpec returns true for a datagram with the end of a handshake.
func hasChangeCipherSpec(b []byte) bool {
	for r, rest, ok := nextRecord(b); ok; r, rest, ok = nextRecord(rest) {
		if r.typ == typeChangeCipherSpec {
			return true
		}
	}
	return false
}

// drainData reads until nothing is left, and returns how often each message came.
func (p *peer) drainData(t *testing.T) map[string]int {
	t.Helper()
	got := map[string]int{}
	for q := p.data.next(); q != nil; q = p.data.next() {
		got[string(q.content())]++
		q.free()
	}
	return got
}
