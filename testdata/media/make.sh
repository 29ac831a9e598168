#!/bin/sh
# Makes the clips of this folder again. Needs ffmpeg with libvpx, libaom,
# libx264, libx265 and libopus, espeak-ng and sox.
#
# The encoders run on one thread and without time stamps or random identifiers,
# so that one version of the tools gives the same bytes each time; another
# version gives other bytes of the same shape.
set -eu
cd "$(dirname "$0")"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

run() { ffmpeg -nostdin -hide_banner -loglevel error -y "$@"; }

# pattern SIZE RATE SECONDS: a test picture with a counter that moves, so that
# no two decoded frames are alike.
pattern() { echo "testsrc=size=$1:rate=$2:duration=$3,format=yuv420p"; }

# exact says what every encoder is told: nothing of the machine goes into the file.
exact="-threads 1 -map_metadata -1 -fflags +bitexact -flags:v +bitexact -flags:a +bitexact"

# Video: 4 s, a key frame each second, no frames that are shown later than
# they are sent (WebRTC has no B-frames).
run -f lavfi -i "$(pattern 320x240 30 4)" $exact -c:v libvpx -deadline good -cpu-used 4 \
	-b:v 200k -minrate 200k -maxrate 200k -bufsize 100k -g 30 -keyint_min 30 \
	-auto-alt-ref 0 -lag-in-frames 0 -error-resilient 1 vp8.ivf
run -f lavfi -i "$(pattern 320x240 30 4)" $exact -c:v libvpx-vp9 -deadline realtime -cpu-used 5 \
	-b:v 150k -g 30 -keyint_min 30 -auto-alt-ref 0 -lag-in-frames 0 -error-resilient 1 vp9.ivf
run -f lavfi -i "$(pattern 320x240 30 4)" $exact -c:v libaom-av1 -usage realtime -cpu-used 8 \
	-b:v 150k -g 30 -keyint_min 30 -lag-in-frames 0 av1.ivf

# H.264: constrained baseline, level 3.1 (profile-level-id 42c01f), one slice
# per picture, parameter sets before each IDR picture, no access unit delimiters.
run -f lavfi -i "$(pattern 320x240 30 4)" $exact -c:v libx264 -preset medium -profile:v baseline -level 3.1 \
	-b:v 200k -maxrate 200k -bufsize 100k -g 30 -keyint_min 30 -sc_threshold 0 -bf 0 \
	-x264-params "repeat-headers=1:aud=0:threads=1:sliced-threads=0:slices=1:rc-lookahead=0" -f h264 h264.h264
# H.265: main profile, level 3.1, the same.
run -f lavfi -i "$(pattern 320x240 30 4)" $exact -c:v libx265 -preset fast -profile:v main -b:v 150k \
	-x265-params "log-level=error:repeat-headers=1:aud=0:bframes=0:keyint=30:min-keyint=30:scenecut=0:open-gop=0:level-idc=3.1:pools=1:frame-threads=1:wpp=0:info=0:rc-lookahead=5:vbv-maxrate=150:vbv-bufsize=75" \
	-f hevc h265.h265

# Simulcast: one VP8 picture in three sizes, key frames at the same instants.
layer() { # FILE SIZE BITRATE
	run -f lavfi -i "$(pattern "$2" 30 3)" $exact -c:v libvpx -deadline good -cpu-used 4 \
		-b:v "$3" -maxrate "$3" -bufsize "$3" -g 30 -keyint_min 30 \
		-auto-alt-ref 0 -lag-in-frames 0 -error-resilient 1 "$1"
}
layer simulcast-q.ivf 320x180 100k
layer simulcast-h.ivf 640x360 250k
layer simulcast-f.ivf 1280x720 600k

# Sound: a voice above a melody, 48 kHz in stereo, as Opus in packets of 20 ms.
# -R makes sox dither with the same noise each time.
espeak-ng -v en -s 150 -w "$work/voice.wav" \
	"One, two, three, four. This is a test of sound over the web, in real time."
sox -R -n -r 48000 -c 2 "$work/melody.wav" \
	synth 0.5 sine 523 : synth 0.5 sine 659 : synth 0.5 sine 784 : synth 0.5 sine 1047 : \
	synth 0.5 sine 880 : synth 0.5 sine 784 : synth 0.5 sine 659 : synth 0.5 sine 587 : \
	synth 0.5 sine 523 : synth 0.5 sine 392 gain -12
sox -R "$work/voice.wav" -r 48000 -c 2 "$work/voice48.wav" norm -3
sox -R -m "$work/voice48.wav" "$work/melody.wav" "$work/sound.wav" norm -3
run -i "$work/sound.wav" $exact -c:a libopus -b:a 48k -vbr on -frame_duration 20 \
	-application audio -page_duration 20000 -serial_offset 1 opus.ogg
# The same with many packets on a page, as most tools write it.
run -i opus.ogg -map_metadata -1 -fflags +bitexact -flags:a +bitexact -c copy -page_duration 1000000 -serial_offset 1 opus-pages.ogg

ls -l ./*.ivf ./*.h264 ./*.h265 ./*.ogg
