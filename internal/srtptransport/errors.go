package srtptransport

import "errors"

// What Seal and Open functions return, to be compared with errors.Is. A packet
// that fails is to be dropped; no other packet is affected.
var (
	// ErrMalformed says that the bytes are no RTP or RTCP packet, or that they
	// are too short to be a protected one.
	ErrMalformed = errors.New("srtptransport: malformed packet")
	// ErrNoRoom says that the slice has less than Overhead bytes of spare
	// capacity.
	ErrNoRoom = errors.New("srtptransport: the buffer has no room for the authentication tag")
	// ErrSealedBefore says that a packet of this SSRC with this index has been
	// sealed, or may have been so long ago that nobody knows.
	ErrSealedBefore = errors.New("srtptransport: this SSRC and sequence number have been sealed before")
	// ErrExhausted says that the keys have protected as many packets of the SSRC
	// as they may: 2^48 of SRTP, 2^31 of SRTCP (RFC 3711 §9.2).
	ErrExhausted = errors.New("srtptransport: the keys have protected as many packets as they may")
	// ErrReplayed says that a packet with this index has arrived before, or is
	// older than the replay window.
	ErrReplayed = errors.New("srtptransport: the packet has been seen before or is too old")
	// ErrAuthentication says that the packet was not protected with the peer's
	// keys, or was changed on its way.
	ErrAuthentication = errors.New("srtptransport: the packet is not authentic")
	// ErrCleartextHeader says that a packet carries contributing sources or
	// header extensions in the clear although the peer agreed to encrypt them
	// (RFC 9335).
	ErrCleartextHeader = errors.New("srtptransport: the packet's header extensions are not encrypted")
	// ErrTooManySources says that there is no room for the state of another SSRC.
	ErrTooManySources = errors.New("srtptransport: too many SSRCs")
)
