package dtlstransport

import (
	"bytes"
	"errors"
	"net"
	"slices"
	"testing"
)

// FuzzFilter holds the filter to what it promises for whatever comes: it keeps
// whole records, in order, and only such as the engine may see.
func FuzzFilter(f *testing.F) {
	hello := plain(typeHandshake, 0, 0, append([]byte{1, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 4}, 1, 2, 3, 4))
	ccs := plain(typeChangeCipherSpec, 0, 1, []byte{1})
	protected := plain(typeApplicationData, 1, 0, make([]byte, 40))
	f.Add(hello, false)
	f.Add(slices.Concat(hello, ccs, protected), false)
	f.Add(slices.Concat(hello, ccs, protected), true)
	f.Add(slices.Concat(protected, protected, hello[:20]), true)
	for _, r := range badRecords {
		f.Add(r.record, false)
		f.Add(slices.Concat(r.record, protected, r.record), true)
	}
	f.Add(bytes.Repeat(protected, 40), true)
	f.Add([]byte{}, true)
	f.Fuzz(func(t *testing.T, datagram []byte, established bool) {
		p := newPath(func([][]byte) error { return nil })
		p.established.Store(established)
		given := slices.Clone(datagram)
		p.deliver(datagram)
		if !bytes.Equal(given, datagram) {
			t.Fatal("the filter changed what it was given")
		}
		for q := p.held.next(); q != nil; q = p.held.next() {
			// What the engine is not shown is opened later, one record at a time.
			r, tail, ok := nextRecord(q.content())
			if !ok || len(tail) > 0 || established || r.epoch != 1 || r.typ == typeHandshake || r.check(false) != keep {
				t.Fatalf("held %x", q.content())
			}
		}
		p.in.close(net.ErrClosed)
		buf := make([]byte, maxDatagram)
		n, _, err := p.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil || n == 0 {
			t.Fatalf("read %d, %v", n, err)
		}
		rest := datagram
		for kept := buf[:n]; len(kept) > 0; {
			r, tail, ok := nextRecord(kept)
			if !ok {
				t.Fatalf("kept a part of a record: %x", kept)
			}
			kept = tail
			if why := r.check(established); why != keep {
				t.Fatalf("kept %x, which is to be dropped for reason %d", r.raw, why)
			}
			if !established && r.epoch == 1 && r.typ != typeHandshake {
				t.Fatalf("the engine sees %x before the end of the handshake", r.raw)
			}
			if established && (r.epoch != 1 || r.typ == typeChangeCipherSpec) {
				t.Fatalf("kept %x after the handshake", r.raw)
			}
			at := bytes.Index(rest, r.raw)
			if at < 0 {
				t.Fatalf("%x is not in the datagram, in order", r.raw)
			}
			rest = rest[at+len(r.raw):]
		}
	})
}

// FuzzFingerprint: no attribute of a peer's brings the parser down, and only
// the certificate's own digest is accepted.
func FuzzFingerprint(f *testing.F) {
	der := []byte("a certificate")
	good, err := ComputeFingerprint(der, "sha-256")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good.Algorithm, good.Value)
	f.Add("SHA-256", "aa:bb")
	f.Add("sha-1", ":::")
	f.Add("md5", "")
	f.Fuzz(func(t *testing.T, algorithm, value string) {
		err := VerifyPeer(der, []Fingerprint{{algorithm, value}}, true)
		if err == nil {
			h, digest, err := Fingerprint{algorithm, value}.decode()
			if err != nil || !bytes.Equal(digest, h.sum(der)) {
				t.Fatalf("accepted %q %q", algorithm, value)
			}
		} else if !errors.Is(err, ErrFingerprintMismatch) && !errors.Is(err, ErrNoFingerprint) {
			t.Fatalf("untyped error %v", err)
		}
	})
}

// A queue is first in, first out, and bounded.
func TestQueue(t *testing.T) {
	q := newPacketQueue(8, 1<<20)
	buf := make([]byte, 10)
	for i := range 10000 {
		if !q.push([]byte{byte(i)}, []byte{byte(i >> 8)}) {
			t.Fatal("push", i)
		}
		if i < 3 {
			continue
		}
		n, err := q.pop(buf)
		if want := i - 3; err != nil || n != 2 || buf[0] != byte(want) || buf[1] != byte(want>>8) {
			t.Fatalf("popped %x, %v, want number %d", buf[:n], err, want)
		}
	}
	if n, bytes := q.size(); n != 3 || bytes != 6 {
		t.Errorf("%d packets with %d bytes are left", n, bytes)
	}
	for range 5 {
		q.push(make([]byte, 3000))
	}
	if q.push([]byte{1}) {
		t.Error("a ninth packet was taken")
	}
	q.close(net.ErrClosed)
	if _, err := q.pop(buf); err != nil {
		t.Error("what is left is not returned:", err)
	}
	q.discard()
	if _, err := q.pop(buf); !errors.Is(err, net.ErrClosed) {
		t.Error("a closed queue returns", err)
	}
}
