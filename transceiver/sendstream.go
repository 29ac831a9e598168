package transceiver

import "sync/atomic"

// A SendStream is what sends one encoding of a track: the core of an
// RTCRtpSender, which has as many as it has encodings. Its methods may be called
// from any goroutine.
type SendStream struct {
	ssrc atomic.Uint32
}

// sendSSRCs are the sources of a stream; rtx is 0 without retransmissions.
type sendSSRCs struct{ media, rtx uint32 }

func (s sendSSRCs) list() []uint32 {
	if s.rtx == 0 {
		return []uint32{s.media}
	}
	return []uint32{s.media, s.rtx}
}
