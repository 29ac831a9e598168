package srtptransport

import (
	"bytes"
	"encoding/binary"
	"testing"
)

var profiles = []Profile{AEADAES128GCM, AEADAES256GCM, AES128CMHMACSHA180, AES128CMHMACSHA132}

// material is keying material of the right length that is not the same byte
// throughout.
func material(t testing.TB, p Profile) []byte {
	t.Helper()
	n, err := KeyingMaterialLength(p)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * 7)
	}
	return b
}

// A pair is one direction: the client's sealer and the server's opener.
type pair struct {
	t testing.TB
	s *Sealer
	o *Opener
}

func newPair(t testing.TB, p Profile, c Config) *pair {
	t.Helper()
	s, _, err := New(p, material(t, p), true, c)
	if err != nil {
		t.Fatal(err)
	}
	_, o, err := New(p, material(t, p), false, c)
	if err != nil {
		t.Fatal(err)
	}
	return &pair{t, s, o}
}

// rtpPacket returns a packet with room for what protection adds.
func rtpPacket(ssrc uint32, sequence uint16, payload string) []byte {
	b := make([]byte, rtpHeaderLen, rtpHeaderLen+len(payload)+Overhead)
	b[0], b[1] = 0x80, 96
	binary.BigEndian.PutUint16(b[2:], sequence)
	binary.BigEndian.PutUint32(b[8:], ssrc)
	return append(b, payload...)
}

// rtcpPacket returns an APP packet (RFC 3550 §6.7).
func rtcpPacket(ssrc uint32, data string) []byte {
	b := make([]byte, 12, 12+len(data)+Overhead)
	b[0], b[1] = 0x80, 204
	copy(b[8:], "test")
	b = append(b, data...)
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)/4-1))
	binary.BigEndian.PutUint32(b[4:], ssrc)
	return b
}

// withRoom copies b and gives it spare capacity.
func withRoom(b []byte) []byte {
	return append(make([]byte, 0, len(b)+Overhead), b...)
}

// sealed returns the protected packet of an SSRC.
func (p *pair) sealed(ssrc uint32, sequence uint16) []byte {
	p.t.Helper()
	b, err := p.s.SealRTP(rtpPacket(ssrc, sequence, "some payload"))
	if err != nil {
		p.t.Fatalf("packet %d of %d is not sealed: %v", sequence, ssrc, err)
	}
	return b
}

func (p *pair) sealedRTCP(ssrc uint32) []byte {
	p.t.Helper()
	b, err := p.s.SealRTCP(rtcpPacket(ssrc, "data"))
	if err != nil {
		p.t.Fatal(err)
	}
	return b
}

// wantRTP opens a copy of the packet b.
func (p *pair) wantRTP(b []byte, want error, why string) {
	p.t.Helper()
	if _, err := p.o.OpenRTP(bytes.Clone(b)); err != want {
		p.t.Errorf("%s: got %v, want %v", why, err, want)
	}
}

func (p *pair) wantRTCP(b []byte, want error, why string) {
	p.t.Helper()
	if _, err := p.o.OpenRTCP(bytes.Clone(b)); err != want {
		p.t.Errorf("%s: got %v, want %v", why, err, want)
	}
}
