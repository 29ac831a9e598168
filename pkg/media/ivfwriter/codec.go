package ivfwriter

import (
	"encoding/binary"

	"github.com/pion/rtp/codecs"
	vp9header "github.com/pion/rtp/codecs/vp9"
)

// A place says where in a frame a packet belongs.
type place uint8

const (
	within place = iota
	beginsLayer
	beginsFrame
)

// A codec knows how frames are put into packets and files.
type codec interface {
	fourCC() string

	// unpack returns the media of a packet and what begins with it. A packet of
	// which nothing can be made is an error.
	unpack(payload []byte) ([]byte, place, error)
	// reset forgets the packets before, one of which is missing.
	reset()

	// begin returns what a file has before a frame that begins with media.
	begin(media []byte) []byte
	// appendEnd appends what a file has at the end of a frame. layers are where
	// in the frame its layers begin.
	appendEnd(frame []byte, layers []int) []byte

	// keyFrame reports whether decoding can begin with a frame, and the size of
	// its picture.
	keyFrame(frame []byte) (width, height int, key bool)
}

type vp8 struct{ packet codecs.VP8Packet }

func (*vp8) fourCC() string      { return "VP80" }
func (*vp8) reset()              {}
func (*vp8) begin([]byte) []byte { return nil }

func (*vp8) appendEnd(frame []byte, _ []int) []byte { return frame }

func (c *vp8) unpack(payload []byte) ([]byte, place, error) {
	media, err := c.packet.Unmarshal(payload)
	// RFC 7741 §4.2: "S: Start of VP8 partition." "The first VP8 partition
	// (containing modes and motion vectors) MUST be labeled with PID = 0."
	if c.packet.S == 1 && c.packet.PID == 0 {
		return media, beginsFrame, err
	}
	return media, within, err
}

// keyFrame reads the frame tag and the key frame's header, RFC 6386 §9.1.
func (*vp8) keyFrame(frame []byte) (width, height int, key bool) {
	// "A 1-bit frame type (0 for key frames, 1 for interframes)"; "Start code"
	// 0x9d 0x01 0x2a; 14 bits of width and 2 of scale, 14 of height and 2 of scale.
	if len(frame) < 10 || frame[0]&1 != 0 || frame[3] != 0x9d || frame[4] != 0x01 || frame[5] != 0x2a {
		return 0, 0, false
	}
	const size = 1<<14 - 1
	return int(binary.LittleEndian.Uint16(frame[6:]) & size), int(binary.LittleEndian.Uint16(frame[8:]) & size), true
}

type vp9 struct{ packet codecs.VP9Packet }

func (*vp9) fourCC() string      { return "VP90" }
func (*vp9) reset()              {}
func (*vp9) begin([]byte) []byte { return nil }

func (c *vp9) unpack(payload []byte) ([]byte, place, error) {
	p := &c.packet
	media, err := p.Unmarshal(payload)
	// RFC 9628 §4.2: B is "Start of Frame", of that of one spatial layer. The
	// picture begins with one that depends on no other layer.
	switch {
	case !p.B:
		return media, within, err
	case p.L && p.SID > 0 && p.D:
		return media, beginsLayer, err
	}
	return media, beginsFrame, err
}

// appendEnd adds the superframe index of the VP9 bitstream specification, Annex B,
// without which a decoder does not find the frames of the spatial layers.
func (*vp9) appendEnd(frame []byte, layers []int) []byte {
	if len(layers) < 2 || len(layers) > 8 {
		return frame
	}
	// superframe_header: a marker of 110, frame_sizes_length_minus_1 (2 bits),
	// frames_in_superframe_minus_1 (3 bits); it stands before and after the sizes.
	const bytesPerSize = 4
	header := byte(0b110<<5 | (bytesPerSize-1)<<3 | (len(layers) - 1))
	size := len(frame)
	frame = append(frame, header)
	for i, begin := range layers {
		end := size
		if i+1 < len(layers) {
			end = layers[i+1]
		}
		frame = binary.LittleEndian.AppendUint32(frame, uint32(end-begin))
	}
	return append(frame, header)
}

func (*vp9) keyFrame(frame []byte) (width, height int, key bool) {
	var h vp9header.Header
	if err := h.Unmarshal(frame); err != nil || h.ShowExistingFrame || h.NonKeyFrame || h.FrameSize == nil {
		return 0, 0, false
	}
	return int(h.FrameSize.FrameWidthMinus1) + 1, int(h.FrameSize.FrameHeightMinus1) + 1, true
}
