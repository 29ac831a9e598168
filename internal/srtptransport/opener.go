package srtptransport

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/pion/srtp/v3"
)

const (
	// openSources is how many SSRCs an Opener keeps state of. A peer with the
	// right keys may use any number of them.
	openSources = 4096
	// openRemnants is of how many forgotten SSRCs the highest index is known.
	openRemnants = 4096

	// minReplayWindow and maxReplayWindow are limits of Config.ReplayWindow.
	minReplayWindow, maxReplayWindow = 64, 1 << 15
)

// Counters count the packets that an Opener refused.
type Counters struct {
	Malformed uint64 // no packet of the protocol
	Replayed  uint64 // seen before, or too old
	Forged    uint64 // not authentic
	Cleartext uint64 // header extensions in the clear although agreed otherwise
	Crowded   uint64 // of an SSRC for which there was no room
}

// An Opener opens the packets that arrive.
type Opener struct {
	mu sync.Mutex
	// guarded by mu
	engine *engine
	// aead opens RTP packets under AES-GCM whose header extensions are in the
	// clear, for which the engine costs half as much again; nil with other profiles.
	aead            *aeadOpener
	sources         sources
	window          int
	cryptexRequired bool
	counters        Counters
}

// OpenRTP checks and decrypts the SRTP packet b in place and returns the RTP
// packet, which starts where b does.
//
// The errors are ErrMalformed, ErrReplayed, ErrAuthentication,
// ErrCleartextHeader and ErrTooManySources; the packet is to be dropped, and is
// counted. After ErrAuthentication the bytes of b are lost: a tag that does not
// fit is known only after the decryption, which then clears what it wrote.
func (o *Opener) OpenRTP(b []byte) ([]byte, error) {
	h, ok := rtpHeader(b)
	ssrc := h.ssrc
	o.mu.Lock()
	defer o.mu.Unlock()
	if !ok {
		return nil, o.refuse(ErrMalformed)
	}
	if o.cryptexRequired && h.extra() && h.profile != cryptexOneByte && h.profile != cryptexTwoByte {
		return nil, o.refuse(ErrCleartextHeader)
	}
	src, next := o.sources.live[ssrc], uint64(0)
	if src != nil {
		next = src.rtp.next
	} else {
		next = o.sources.floors(ssrc).rtp
	}
	index := estimate(next, h.sequence)
	switch {
	case src == nil && o.sources.full():
		return nil, o.refuse(ErrTooManySources)
	case index > maxRTPIndex, src != nil && src.rtp.used(index), src == nil && index < next:
		return nil, o.refuse(ErrReplayed)
	}
	out, err := o.decrypt(b, h, index, src != nil)
	if err != nil {
		return nil, err
	}
	// RFC 3711 §3.3, steps 5 to 7: only what is authentic changes the state.
	if src == nil {
		src = o.sources.add(ssrc)
	}
	if src.rtp.bits == nil {
		src.rtp = newWindow(o.window, src.rtp.floor)
	}
	src.rtp.use(index)
	return out, nil
}

// decrypt checks and decrypts an RTP packet whose index has not been used. known
// says whether its SSRC was authentic once. mu is held.
func (o *Opener) decrypt(b []byte, h rtpHead, index uint64, known bool) ([]byte, error) {
	if o.aead.takes(h) {
		out, err := o.aead.open(b, h, index)
		if err != nil {
			return nil, o.refuse(err)
		}
		return out, nil
	}
	// The engine assumes 0 for an SSRC that it does not know. To tell it is to
	// make it keep the SSRC, to which a packet that may be forged has no right;
	// one with another counter is of an SSRC that was authentic once.
	if roc := uint32(index >> 16); known || roc != 0 {
		o.engine.context.SetROC(h.ssrc, roc)
	} else if _, kept := o.engine.context.ROC(h.ssrc); kept {
		o.engine.context.SetROC(h.ssrc, 0)
	}
	out, err := o.engine.openRTP(b, b)
	if err != nil {
		return nil, o.failed(err)
	}
	return out, nil
}

// OpenRTCP checks and decrypts the SRTCP packet b in place and returns the RTCP
// packet, which starts where b does. The errors are those of OpenRTP.
func (o *Opener) OpenRTCP(b []byte) ([]byte, error) {
	ssrc, ok := rtcpHeader(b)
	o.mu.Lock()
	defer o.mu.Unlock()
	if !ok || len(b) < rtcpHeaderLen+rtcpIndexLen+o.engine.suite.rtcpTag {
		return nil, o.refuse(ErrMalformed)
	}
	// RFC 3711 §3.4: the first bit of the index says whether there is encryption.
	at := len(b) - rtcpIndexLen
	if !o.engine.suite.aead {
		at -= o.engine.suite.rtcpTag
	}
	index := uint64(binary.BigEndian.Uint32(b[at:]) & maxRTCPIndex)
	src, next := o.sources.live[ssrc], uint64(0)
	if src == nil {
		next = o.sources.floors(ssrc).rtcp
	}
	switch {
	case src == nil && o.sources.full():
		return nil, o.refuse(ErrTooManySources)
	case src != nil && src.rtcp.used(index), src == nil && index < next:
		return nil, o.refuse(ErrReplayed)
	}
	out, err := o.engine.openRTCP(b, b)
	if err != nil {
		return nil, o.failed(err)
	}
	if src == nil {
		src = o.sources.add(ssrc)
	}
	if src.rtcp.bits == nil {
		src.rtcp = newWindow(o.window, src.rtcp.floor)
	}
	src.rtcp.use(index)
	return out, nil
}

// failed tells a wrong tag from a packet that the engine cannot read.
func (o *Opener) failed(err error) error {
	if errors.Is(err, srtp.ErrFailedToVerifyAuthTag) {
		return o.refuse(ErrAuthentication)
	}
	_ = o.refuse(ErrMalformed)
	return fmt.Errorf("%w: %w", ErrMalformed, err)
}

// refuse counts a packet and returns why.
func (o *Opener) refuse(why error) error {
	switch why {
	case ErrMalformed:
		o.counters.Malformed++
	case ErrReplayed:
		o.counters.Replayed++
	case ErrAuthentication:
		o.counters.Forged++
	case ErrCleartextHeader:
		o.counters.Cleartext++
	case ErrTooManySources:
		o.counters.Crowded++
	}
	return why
}

// SetCryptexRequired says whether packets with header extensions or
// contributing sources in the clear are refused from now on. Encrypted ones are
// understood either way (RFC 9335 §5.2).
func (o *Opener) SetCryptexRequired(on bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.cryptexRequired = on
}

// Forget frees the state of an SSRC that is not expected to send again. Its
// highest indices are kept, for the last 4096 that were forgotten, so that its
// old packets stay refused and it may go on where it was.
func (o *Opener) Forget(ssrc uint32) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.sources.forget(ssrc) {
		o.engine.forget()
	}
}

// Counters returns how many packets were refused.
func (o *Opener) Counters() Counters {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.counters
}
