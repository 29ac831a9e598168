// Package opus reads the table of contents of Opus packets, RFC 6716 §3.1, and
// makes packets that stand for lost ones. Durations are in samples at 48 kHz.
package opus

// SampleRate is the rate of samples in durations, whatever rate is coded.
const SampleRate = 48000

const (
	// MaxDuration is that of the longest packet: RFC 6716 §3.2.5, "the audio
	// duration contained within a packet MUST NOT exceed 120 ms".
	MaxDuration = 120 * perMillisecond

	// Quantum is the shortest duration, 2.5 ms, of which all are multiples.
	Quantum = 5 * perMillisecond / 2

	perMillisecond = SampleRate / 1000
)

// frameDuration is that of the frames of a packet with the given first byte. Its
// first five bits are the configuration: RFC 6716 §3.1, Table 2.
func frameDuration(toc byte) int {
	switch config := toc >> 3; {
	case config < 12: // SILK: 10, 20, 40, 60 ms
		return [...]int{10, 20, 40, 60}[config&3] * perMillisecond
	case config < 16: // hybrid: 10, 20 ms
		return [...]int{10, 20}[config&1] * perMillisecond
	default: // CELT: 2.5, 5, 10, 20 ms
		return Quantum << (config & 3)
	}
}

// Duration returns how many samples a packet decodes to, and whether its table of
// contents is valid. Of an Ogg packet with several streams it reads the first
// one, which has the duration of all.
func Duration(packet []byte) (int, bool) {
	if len(packet) == 0 {
		return 0, false // RFC 6716 §3.1: "A well-formed Opus packet MUST contain at least one byte"
	}
	frames := 1
	switch packet[0] & 3 {
	case 1, 2:
		frames = 2
	case 3:
		// RFC 6716 §3.2.5: "a byte encoding the number of frames in the packet in
		// bits 2 to 7"; "M MUST NOT be zero".
		if len(packet) < 2 {
			return 0, false
		}
		frames = int(packet[1] & 0x3f)
	}
	d := frames * frameDuration(packet[0])
	return d, d > 0 && d <= MaxDuration
}

// Conceal gives packets to emit that make a decoder conceal a loss of up to gap
// samples, and returns how many samples they stand for: less than Quantum fewer.
// toc is the first byte of the packet before the loss. RFC 7845 §4.1: "Synthesized
// TOC bytes SHOULD maintain the same mode, audio bandwidth, channel count, and
// frame size as the previous packet"; changes "SHOULD be delayed as long as
// possible". The frames have no bytes, RFC 6716 §3.2.1. An error of emit ends it.
func Conceal(toc byte, gap int, emit func(packet []byte, duration int) error) (int, error) {
	done := 0
	for _, toc := range []byte{toc, shorter(toc), shortest(toc)} {
		frame := frameDuration(toc)
		for gap-done >= frame {
			frames := min((gap-done)/frame, MaxDuration/frame)
			// Code 3 with a constant bit rate and without padding: the count.
			packet := []byte{toc | 3, byte(frames)}
			if err := emit(packet, frames*frame); err != nil {
				return done, err
			}
			done += frames * frame
		}
	}
	return done, nil
}

// shorter is the table of contents with the shortest frames of its mode.
func shorter(toc byte) byte {
	switch config := toc >> 3; {
	case config < 12:
		return toc &^ (3 << 3)
	case config < 16:
		return toc &^ (1 << 3)
	}
	return shortest(toc)
}

// shortest is the table of contents of CELT frames of 2.5 ms, the only mode that
// has them, of the same bandwidth. RFC 7845 §4.1: "Since medium-band audio is an
// option only in the SILK mode, wideband frames SHOULD be generated".
func shortest(toc byte) byte {
	const narrow, wide, superwide, full = 16, 20, 24, 28
	var config byte
	switch c := toc >> 3; {
	case c < 4:
		config = narrow
	case c < 12: // medium-band and wideband SILK
		config = wide
	case c < 14:
		config = superwide
	case c < 16:
		config = full
	default:
		config = c &^ 3
	}
	return config<<3 | toc&7
}
