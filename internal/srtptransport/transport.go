package srtptransport

import (
	"fmt"
	"log/slog"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// Config is how the packets of an association are protected beyond its keys.
// The zero value is good.
type Config struct {
	// Logger is told of the profile. nil: nobody is.
	Logger *slog.Logger
	// ReplayWindow is how many indices before the newest one of an SSRC may
	// still arrive, for SRTP and SRTCP. It is rounded up to a power of two from
	// 64 to 32768; 0 means 512. RFC 3711 §3.3.2: at least 64.
	ReplayWindow int
	// CryptexSend encrypts header extensions and contributing sources
	// (RFC 9335), CryptexRequired refuses packets that have them in the clear.
	CryptexSend, CryptexRequired bool
}

const defaultReplayWindow = 512

// New makes both directions of an association from the keying material that its
// DTLS connection exports: KeyingMaterialLength bytes, which are copied. client
// says which role it had there. A profile that is not known is a
// NotSupportedError, material of another length an OperationError.
//
// The same material must not be used twice: the second Sealer would not know
// what the first has sealed.
func New(p Profile, material []byte, client bool, c Config) (*Sealer, *Opener, error) {
	s, err := p.suite()
	if err != nil {
		return nil, nil, err
	}
	if want := 2 * (s.key + s.salt); len(material) != want {
		return nil, nil, &rtcerr.OperationError{Err: fmt.Errorf("%v takes %d bytes of keying material, not %d", p, want, len(material))}
	}
	local, remote := s.split(material)
	if !client {
		local, remote = remote, local
	}
	sealing, err := newEngine(s, local, c.CryptexSend)
	if err != nil {
		return nil, nil, &rtcerr.OperationError{Err: err}
	}
	opening, err := newEngine(s, remote, true)
	if err != nil {
		return nil, nil, &rtcerr.OperationError{Err: err}
	}
	if c.Logger != nil {
		c.Logger.Debug("media is protected", "profile", p, "cryptex", c.CryptexSend)
	}
	sealer := &Sealer{engine: sealing, sources: newSources(sealSources, 0)}
	if s.aead {
		if sealer.aead, err = newAEADSealer(local); err != nil {
			return nil, nil, &rtcerr.OperationError{Err: err}
		}
	}
	opener := &Opener{
		engine: opening, sources: newSources(openSources, openRemnants),
		window: replayWindow(c.ReplayWindow), cryptexRequired: c.CryptexRequired,
	}
	if s.aead {
		if opener.aead, err = newAEADOpener(remote); err != nil {
			return nil, nil, &rtcerr.OperationError{Err: err}
		}
	}
	return sealer, opener, nil
}

// replayWindow makes a window's size one that can be had.
func replayWindow(n int) int {
	if n == 0 {
		n = defaultReplayWindow
	}
	size := minReplayWindow
	for size < n && size < maxReplayWindow {
		size *= 2
	}
	return size
}
