package ivfwriter

// sequenceSize reads a sequence header OBU up to the size of the picture, by the
// syntax of the AV1 bitstream specification, §5.5.1.
func sequenceSize(b []byte) (width, height int, ok bool) {
	r := bitReader{b: b}
	r.skip(3 + 1)       // seq_profile, still_picture
	if r.read(1) == 1 { // reduced_still_picture_header
		r.skip(5) // seq_level_idx[0]
	} else {
		skipOperatingPoints(&r)
	}
	widthBits, heightBits := r.read(4)+1, r.read(4)+1
	width, height = int(r.read(widthBits))+1, int(r.read(heightBits))+1
	return width, height, !r.short
}

func skipOperatingPoints(r *bitReader) {
	decoderModel, delayBits := uint32(0), 0
	if r.read(1) == 1 { // timing_info_present_flag
		r.skip(32 + 32)     // num_units_in_display_tick, time_scale
		if r.read(1) == 1 { // equal_picture_interval
			r.skipUVLC() // num_ticks_per_picture_minus_1
		}
		if decoderModel = r.read(1); decoderModel == 1 { // decoder_model_info_present_flag
			delayBits = int(r.read(5)) + 1 // buffer_delay_length_minus_1
			r.skip(32 + 5 + 5)             // num_units_in_decoding_tick, two lengths
		}
	}
	displayDelay := r.read(1)                        // initial_display_delay_present_flag
	for n := r.read(5) + 1; n > 0 && !r.short; n-- { // operating_points_cnt_minus_1
		r.skip(12)         // operating_point_idc
		if r.read(5) > 7 { // seq_level_idx
			r.skip(1) // seq_tier
		}
		if decoderModel == 1 && r.read(1) == 1 { // decoder_model_present_for_this_op
			r.skip(2*delayBits + 1) // operating_parameters_info
		}
		if displayDelay == 1 && r.read(1) == 1 { // initial_display_delay_present_for_this_op
			r.skip(4) // initial_display_delay_minus_1
		}
	}
}

// A bitReader reads a bit string, first bit first. After its end it reads zeros.
type bitReader struct {
	b     []byte
	at    int
	short bool // the end has been passed
}

func (r *bitReader) read(n uint32) uint32 {
	v := uint32(0)
	for range n {
		bit := byte(0)
		if r.at>>3 < len(r.b) {
			bit = r.b[r.at>>3] >> (7 - r.at&7) & 1
		} else {
			r.short = true
		}
		v = v<<1 | uint32(bit)
		r.at++
	}
	return v
}

func (r *bitReader) skip(n int) { r.at += n }

// skipUVLC skips a variable-length number, §4.10.3: as many zeros as the number
// has bits after its first one.
func (r *bitReader) skipUVLC() {
	zeros := 0
	for r.read(1) == 0 && !r.short {
		zeros++
	}
	if zeros < 32 {
		r.skip(zeros)
	}
}
