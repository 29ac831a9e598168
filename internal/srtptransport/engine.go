package srtptransport

import (
	"encoding/binary"

	"github.com/pion/srtp/v3"
)

// An engine does the cryptography of one direction. It is told the index of
// each packet, so that what it keeps per SSRC (about 100 bytes, which it never
// frees) may be thrown away with it at any time.
type engine struct {
	suite   suite
	key     masterKey
	cryptex bool

	context *srtp.Context
	// The context's functions, with a parsed header that is used again for each
	// packet: they would allocate one otherwise.
	sealRTP, sealRTCP, openRTP, openRTCP transform
	forgotten                            int
}

// A transform protects or opens the packet src, into the array that dst starts.
type transform func(dst, src []byte) ([]byte, error)

// withHeader gives a function of the engine a header of its own.
func withHeader[H any](f func(dst, src []byte, h *H) ([]byte, error)) transform {
	h := new(H)
	return func(dst, src []byte) ([]byte, error) { return f(dst, src, h) }
}

// forgottenLimit is how many SSRCs that were forgotten an engine may keep.
const forgottenLimit = 256

func newEngine(s suite, k masterKey, cryptex bool) (*engine, error) {
	e := &engine{suite: s, key: k, cryptex: cryptex}
	return e, e.renew()
}

// renew makes the context anew, without any SSRC.
func (e *engine) renew() error {
	// Replay protection, which the engine leaves out unless it is asked for, is
	// ours: see window.
	c, err := srtp.CreateContext(e.key.key, e.key.salt, e.suite.engine, srtp.Cryptex(e.mode()))
	if err != nil {
		return err
	}
	e.context, e.forgotten = c, 0
	e.sealRTP, e.sealRTCP = withHeader(c.EncryptRTP), withHeader(c.EncryptRTCP)
	e.openRTP, e.openRTCP = withHeader(c.DecryptRTP), withHeader(c.DecryptRTCP)
	return nil
}

func (e *engine) mode() srtp.CryptexMode {
	if e.cryptex {
		return srtp.CryptexModeEnabled
	}
	return srtp.CryptexModeDisabled
}

func (e *engine) setCryptex(on bool) {
	e.cryptex = on
	// The option has no way to fail.
	_ = e.context.UpdateOptions(srtp.Cryptex(e.mode()))
}

// forget counts an SSRC whose state is no longer wanted.
func (e *engine) forget() {
	e.forgotten++
	if e.forgotten >= forgottenLimit {
		_ = e.renew() // the same keys were good before; else the old context stays
	}
}

const (
	rtpHeaderLen       = 12 // RFC 3550 §5.1
	extensionHeaderLen = 4  // RFC 3550 §5.3.1: profile and length
	rtcpHeaderLen      = 8  // header and SSRC, which SRTCP leaves in the clear: RFC 3711 §3.4
	rtcpIndexLen       = 4

	extensionBit = 0x10
	// The profiles of header extensions of RFC 8285 §4.2 and §4.3, and of those of
	// them that are encrypted: RFC 9335 §5.1.
	oneByteProfile, twoByteProfile = 0xBEDE, 0x1000
	cryptexOneByte, cryptexTwoByte = 0xC0DE, 0xC2DE
)

// An rtpHead is what is read of the header of an RTP packet.
type rtpHead struct {
	ssrc     uint32
	sequence uint16
	// profile is that of the header extension, if there is one.
	profile   uint16
	extension bool
	sources   int // contributing ones
	size      int // of all of it
}

// extra reports whether there are contributing sources or header extensions.
func (h *rtpHead) extra() bool { return h.extension || h.sources > 0 }

// rtpHeader reads the header of an RTP packet. RFC 3550 §5.1: version 2, up to 15
// contributing sources, then a header extension if the X bit is set; all of them
// must fit.
func rtpHeader(b []byte) (h rtpHead, ok bool) {
	if len(b) < rtpHeaderLen || b[0]>>6 != 2 {
		return h, false
	}
	h.ssrc, h.sequence = binary.BigEndian.Uint32(b[8:]), binary.BigEndian.Uint16(b[2:])
	h.sources = int(b[0] & 0xF)
	h.size = rtpHeaderLen + 4*h.sources
	if b[0]&extensionBit != 0 {
		if len(b) < h.size+extensionHeaderLen {
			return h, false
		}
		h.extension, h.profile = true, binary.BigEndian.Uint16(b[h.size:])
		h.size += extensionHeaderLen + 4*int(binary.BigEndian.Uint16(b[h.size+2:]))
	}
	return h, len(b) >= h.size
}

// rtcpHeader reads the SSRC of an RTCP packet.
func rtcpHeader(b []byte) (ssrc uint32, ok bool) {
	if len(b) < rtcpHeaderLen || b[0]>>6 != 2 {
		return 0, false
	}
	return binary.BigEndian.Uint32(b[4:]), true
}
