package srtptransport

import (
	"fmt"
	"sync"
)

// Overhead is the number of bytes that protection adds to a packet at most: a
// tag of 16 bytes and either the SRTCP index (RFC 7714 §9.2) or the empty
// header extension that RFC 9335 §5.1 demands.
const Overhead = 16 + 4

const (
	// sealWindow is how far behind the newest packet of an SSRC one may be that
	// was not sealed yet.
	sealWindow = 8192
	// sealSources is how many SSRCs one association may ever seal packets of.
	// What has been forgotten counts: see Sealer.Forget.
	sealSources = 1 << 16

	maxRTPIndex  = 1<<48 - 1 // RFC 3711 §9.2
	maxRTCPIndex = 1<<31 - 1
)

// A Sealer protects the packets that are sent.
type Sealer struct {
	mu sync.Mutex
	// guarded by mu
	engine *engine
	// aead seals RTP packets under AES-GCM; nil with other profiles, for which the
	// engine does.
	aead    *aeadSealer
	sources sources
	// last is the source of the last RTP packet, which the next one mostly is of;
	// nil if it was forgotten.
	last     *source
	lastSSRC uint32
}

// SealRTP protects the RTP packet b in place and returns it with its tag. b
// must have Overhead bytes of spare capacity, else the error is ErrNoRoom.
//
// The packet's index follows from its sequence number and those before
// (RFC 3711 §3.3.1). One SSRC and index is sealed once: ErrSealedBefore says
// that it was, or that it lies further back than anyone remembers, and b is
// untouched. A packet that is to be sent again is sent as the bytes that came
// out the first time. After any other error the index counts as used.
func (s *Sealer) SealRTP(b []byte) ([]byte, error) {
	h, ok := rtpHeader(b)
	if !ok {
		return nil, ErrMalformed
	}
	if cap(b)-len(b) < Overhead {
		return nil, ErrNoRoom
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last == nil || s.lastSSRC != h.ssrc {
		src, err := s.source(h.ssrc)
		if err != nil {
			return nil, err
		}
		s.last, s.lastSSRC = src, h.ssrc
	}
	w := &s.last.rtp
	index := estimate(w.next, h.sequence)
	switch {
	case index > maxRTPIndex:
		return nil, ErrExhausted
	case w.used(index):
		return nil, ErrSealedBefore
	}
	if w.bits == nil {
		*w = newWindow(sealWindow, w.floor)
	}
	w.use(index)
	if s.aead != nil {
		return s.aead.seal(b, h, index, s.engine.cryptex)
	}
	s.engine.context.SetROC(h.ssrc, uint32(index>>16))
	out, err := s.engine.sealRTP(b, b)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return out, nil
}

// SealRTCP protects the RTCP packet b, compound or not, in place, and returns
// it with its index and tag. b must have Overhead bytes of spare capacity, else
// the error is ErrNoRoom.
func (s *Sealer) SealRTCP(b []byte) ([]byte, error) {
	ssrc, ok := rtcpHeader(b)
	if !ok {
		return nil, ErrMalformed
	}
	if cap(b)-len(b) < Overhead {
		return nil, ErrNoRoom
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	src, err := s.source(ssrc)
	if err != nil {
		return nil, err
	}
	// RFC 3711 §3.4: the index is incremented by one after each packet. The
	// engine counts up before it uses it, so that the first one is 1.
	w := &src.rtcp
	if w.next >= maxRTCPIndex {
		return nil, ErrExhausted
	}
	s.engine.context.SetIndex(ssrc, uint32(w.next))
	w.next++
	out, err := s.engine.sealRTCP(b, b)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return out, nil
}

func (s *Sealer) source(ssrc uint32) (*source, error) {
	if src := s.sources.live[ssrc]; src != nil {
		return src, nil
	}
	if _, known := s.sources.gone[ssrc]; !known && len(s.sources.gone)+len(s.sources.live) >= sealSources {
		return nil, ErrTooManySources
	}
	return s.sources.add(ssrc), nil
}

// Sealed reports whether SealRTP would refuse the packet of an SSRC with this
// sequence number, because it was sealed before or may have been.
func (s *Sealer) Sealed(ssrc uint32, sequence uint16) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if src := s.sources.live[ssrc]; src != nil {
		return src.rtp.used(estimate(src.rtp.next, sequence))
	}
	floor := s.sources.floors(ssrc).rtp
	return estimate(floor, sequence) < floor
}

// Next returns the sequence number behind the highest one that was sealed of an
// SSRC, with these keys, forgotten or not; false if none was.
func (s *Sealer) Next(ssrc uint32) (sequence uint16, sealed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.sources.floors(ssrc).rtp
	if src := s.sources.live[ssrc]; src != nil {
		next = src.rtp.next
	}
	return uint16(next), next > 0
}

// SetCryptex says whether header extensions and contributing sources are
// encrypted from now on (RFC 9335), which both sides must have agreed on.
func (s *Sealer) SetCryptex(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.engine.setCryptex(on)
}

// Forget frees the state of an SSRC that sends no more. Its highest index is
// kept for as long as the keys are, because indices must not be used twice
// (RFC 3711 §9.1); should it send again, packets up to there are refused.
func (s *Sealer) Forget(ssrc uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sources.forget(ssrc) {
		s.last = nil
		s.engine.forget()
	}
}
