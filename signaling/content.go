package signaling

import (
	"errors"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
	"github.com/parleyrtc/webrtc/sdp"
)

// content is a parsed description with what is asked of it again and again.
type content struct {
	*sdp.Session
	// group are the indexes of the sections of the BUNDLE group, in its order.
	group []int
	// member says of each section whether it is in the group.
	member []bool
	// transport are the ICE and DTLS attributes that hold for each section.
	transport []sdp.Transport
}

// parse reads a description.
//
// webrtc-pc §4.4.1.5: "If the content of description is not valid SDP syntax,
// then reject p with an RTCError (with errorDetail set to "sdp-syntax-error" and
// the sdpLineNumber attribute set to the line number in the SDP where the syntax
// error was detected)".
func parse(text string) (*content, error) {
	session, err := sdp.Parse(text)
	if err != nil {
		failure := &rtcerr.RTCError{Detail: rtcerr.DetailSDPSyntaxError, Err: rtcerr.Because(rtcerr.ErrSDPUnmarshalling, err)}
		var syntax *sdp.SyntaxError
		if errors.As(err, &syntax) {
			failure.Line = &syntax.Line
		}
		return nil, failure
	}
	return newContent(session)
}

// newContent works out the group and the transports. It fails if the group is
// none.
func newContent(session *sdp.Session) (*content, error) {
	c := &content{
		Session:   session,
		member:    make([]bool, len(session.Media)),
		transport: make([]sdp.Transport, len(session.Media)),
	}
	index := make(map[string]int, len(session.Media))
	for i, m := range session.Media {
		if m.Mid != "" {
			index[m.Mid] = i
		}
		c.transport[i] = session.EffectiveTransport(m)
	}
	for _, mid := range session.Bundle() {
		i, ok := index[mid]
		switch {
		case !ok:
			// RFC 5888 §6: the identifiers in a group are those of sections.
			return nil, invalid("the BUNDLE group has mid %q, which no section has", mid)
		case c.member[i]:
			return nil, invalid("the BUNDLE group has mid %q twice", mid)
		}
		c.member[i] = true
		c.group = append(c.group, i)
	}
	c.spreadTransport()
	return c, nil
}

// spreadTransport gives the sections of the group that have no ICE credentials
// those of the tagged section. RFC 9143 §7.1.3: attributes of the TRANSPORT
// category stand in the tagged section only, the first of the group; here the
// first that has them counts.
func (c *content) spreadTransport() {
	tagged := -1
	for _, i := range c.group {
		if c.transport[i].ICEUfrag != "" {
			tagged = i
			break
		}
	}
	if tagged < 0 {
		return
	}
	for _, i := range c.group {
		if c.transport[i].ICEUfrag == "" {
			c.transport[i] = c.transport[tagged]
		}
	}
}

// credentials returns the ICE credentials that hold for section i.
func (c *content) credentials(i int) ICEParameters {
	return ICEParameters{Ufrag: c.transport[i].ICEUfrag, Pwd: c.transport[i].ICEPwd}
}

// hasICEOption says whether an ICE option stands anywhere in the description.
func (c *content) hasICEOption(option string) bool {
	if c.Transport.HasICEOption(option) {
		return true
	}
	for _, m := range c.Media {
		if m.Transport.HasICEOption(option) {
			return true
		}
	}
	return false
}
