package webrtc

import (
	"fmt"

	"github.com/pion/sdp/v3"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// SessionDescription is an offer or an answer as peers exchange it (webrtc-pc
// §4.6.2, RTCSessionDescription). Its JSON form is the browsers':
//
//	{"type":"offer","sdp":"v=0\r\n…"}
type SessionDescription struct {
	// Type says what the text is.
	Type SDPType `json:"type"`

	// SDP is the text (RFC 8866). It is ignored with SDPTypeRollback.
	SDP string `json:"sdp"`
}

// Unmarshal parses the text into the lines of pion/sdp. The error is a
// *rtcerr.SyntaxError that matches ErrSDPUnmarshalling.
func (sd *SessionDescription) Unmarshal() (*sdp.SessionDescription, error) {
	parsed := &sdp.SessionDescription{}
	if err := parsed.UnmarshalString(sd.SDP); err != nil {
		return nil, &rtcerr.SyntaxError{Err: fmt.Errorf("%w: %w", ErrSDPUnmarshalling, err)}
	}
	return parsed, nil
}
