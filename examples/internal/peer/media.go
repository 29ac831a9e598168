package peer

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/parleyrtc/webrtc"

	"github.com/parleyrtc/webrtc/examples/internal/observe"
)

// DescriptionText describes a description in a few words: its type, and what its
// media sections are for (RFC 8866 §5.14).
func DescriptionText(d webrtc.SessionDescription) string {
	var sections []string
	for i, section := range strings.Split("\n"+d.SDP, "\nm=") {
		if i == 0 {
			continue // what stands before the first
		}
		fields := strings.Fields(section)
		if len(fields) < 2 {
			continue
		}
		kind := fields[0]
		if kind == "application" {
			kind = "data"
		}
		// Port 0 means a section that is refused or over (RFC 9429 §5.2.1 and
		// §5.3.1), unless it waits for its bundle (RFC 9143 §6).
		if fields[1] == "0" && !strings.Contains(section, "a=bundle-only") {
			kind = "no " + kind
		}
		sections = append(sections, kind)
	}
	if len(sections) == 0 {
		return d.Type.String()
	}
	return fmt.Sprintf("%s: %s", d.Type, strings.Join(sections, ", "))
}

// mediaKey is a stream of media packets in one direction, or one sort of RTCP.
type mediaKey struct {
	sent        bool
	ssrc        uint32
	description string
}

// maxMedia bounds how many streams are drawn.
const maxMedia = 64

// firstOfMedia tells whether a packet is the first of its stream, or the first
// RTCP of its sort: the others are not drawn.
func (p *Peer) firstOfMedia(packet observe.Packet) bool {
	key := mediaKey{sent: packet.Sent, ssrc: packet.SSRC}
	if packet.Protocol == observe.SRTCP {
		key = mediaKey{sent: packet.Sent, description: packet.Description}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.media[key] || len(p.media) >= maxMedia {
		return false
	}
	p.media[key] = true
	return true
}

// formatKey is a payload type in one direction.
type formatKey struct {
	sent        bool
	payloadType uint8
}

// learnFormats reads the codecs of payload types in a description (RFC 8866
// §6.6). Each side numbers what it wants to receive.
func (p *Peer) learnFormats(d webrtc.SessionDescription, ours bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for line := range strings.Lines(d.SDP) {
		format, ok := strings.CutPrefix(line, "a=rtpmap:")
		if !ok {
			continue
		}
		number, codec, _ := strings.Cut(format, " ")
		n, err := strconv.ParseUint(number, 10, 7)
		if err != nil {
			continue
		}
		p.formats[formatKey{sent: !ours, payloadType: uint8(n)}], _, _ = strings.Cut(codec, "/")
	}
}

// mediaText describes a media packet.
func (p *Peer) mediaText(packet observe.Packet) string {
	if packet.Protocol == observe.SRTCP {
		return "SRTCP: " + packet.Description
	}
	p.mu.Lock()
	codec, ok := p.formats[formatKey{sent: packet.Sent, payloadType: packet.PayloadType}]
	p.mu.Unlock()
	if !ok {
		codec = fmt.Sprintf("payload type %d", packet.PayloadType)
	}
	return fmt.Sprintf("SRTP: %s, SSRC %08x", codec, packet.SSRC)
}
