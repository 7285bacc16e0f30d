"""What ffmpeg is told for each task: what it may read, and what it writes. Pure.

https://ffmpeg.org/ffmpeg-all.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from shared.media.formats import AudioFormat, Position, Task, VideoFormat

#: Containers that are read. None of them names other files, as playlists and lists of files do.
_DEMUXERS: Final = (
    "mov,matroska,avi,asf,mpeg,mpegts,mpegvideo,ogg,flv,wav,w64,mp3,aac,flac,aiff,au,caf,ac3,amr,"
    "h264,hevc,m4v,gif,png_pipe,jpeg_pipe,webp_pipe,bmp_pipe,tiff_pipe"
)
_MOST_PIXELS: Final = 50_000_000
_H264: Final = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-c:a", "aac")
_VIDEO: Final[Mapping[VideoFormat, tuple[str, ...]]] = {
    VideoFormat.MP4: (*_H264, "-movflags", "+faststart", "-f", "mp4"),
    VideoFormat.MOV: (*_H264, "-f", "mov"),
    VideoFormat.MKV: (*_H264, "-f", "matroska"),
    VideoFormat.WEBM: (
        *("-c:v", "libvpx", "-b:v", "1M", "-deadline", "realtime", "-cpu-used", "8"),
        *("-pix_fmt", "yuv420p", "-c:a", "libopus", "-f", "webm"),
    ),
    VideoFormat.AVI: ("-c:v", "mpeg4", "-q:v", "5", "-c:a", "libmp3lame", "-f", "avi"),
    VideoFormat.WMV: ("-c:v", "wmv2", "-b:v", "1M", "-c:a", "wmav2", "-f", "asf"),
    # Its frame rates are few: 25 is one.
    VideoFormat.MPEG: ("-c:v", "mpeg2video", "-r", "25", "-c:a", "mp2", "-f", "mpeg"),
    VideoFormat.OGG: ("-c:v", "libtheora", "-q:v", "6", "-c:a", "libvorbis", "-f", "ogg"),
}
_AUDIO: Final[Mapping[AudioFormat, tuple[str, ...]]] = {
    AudioFormat.MP3: ("-c:a", "libmp3lame", "-f", "mp3"),
    AudioFormat.WAV: ("-c:a", "pcm_s16le", "-f", "wav"),
    AudioFormat.AAC: ("-c:a", "aac", "-f", "adts"),
    AudioFormat.FLAC: ("-c:a", "flac", "-f", "flac"),
    AudioFormat.OGG: ("-c:a", "libvorbis", "-f", "ogg"),
    AudioFormat.M4A: ("-c:a", "aac", "-f", "ipod"),
    AudioFormat.WMA: ("-c:a", "wmav2", "-f", "asf"),
}
#: How speech is written, in each format that it can be asked in.
_SPEECH: Final[Mapping[str, tuple[str, ...]]] = {
    "mp3": ("-c:a", "libmp3lame", "-f", "mp3"),
    "opus": ("-c:a", "libopus", "-f", "ogg"),
    "aac": ("-c:a", "aac", "-f", "adts"),
    "flac": ("-c:a", "flac", "-f", "flac"),
    "wav": ("-c:a", "pcm_s16le", "-f", "wav"),
    "pcm": ("-c:a", "pcm_s16le", "-f", "s16le"),
}
#: Samples a second of speech, and of what is heard.
_SPEECH_RATE: Final = "24000"
_HEARD_RATE: Final = "16000"
#: What a video stays, by its media type; others become mp4.
_STAYS: Final = {
    "video/webm": VideoFormat.WEBM,
    "video/quicktime": VideoFormat.MOV,
    "video/x-matroska": VideoFormat.MKV,
    "video/x-msvideo": VideoFormat.AVI,
    "video/ogg": VideoFormat.OGG,
    "video/mpeg": VideoFormat.MPEG,
    "video/x-ms-wmv": VideoFormat.WMV,
}
_OF_SOUND: Final = (Task.CONVERT_AUDIO, Task.TRIM_AUDIO)
_QUIETLY: Final = ("-nostdin", "-v", "error", "-y")
#: A file with nothing in it, as of a part behind the end, is none.
_NOT_EMPTY: Final = ("-abort_on", "empty_output")
#: Sides of most codecs are even.
_EVEN: Final = "scale=trunc(iw/2)*2:trunc(ih/2)*2"
_MARKED: Final = {
    Position.TOP_LEFT: "10:10",
    Position.TOP_RIGHT: "main_w-overlay_w-10:10",
    Position.BOTTOM_LEFT: "10:main_h-overlay_h-10",
    Position.BOTTOM_RIGHT: "main_w-overlay_w-10:main_h-overlay_h-10",
    Position.CENTER: "(main_w-overlay_w)/2:(main_h-overlay_h)/2",
}

Json = Mapping[str, Any]


def extension(asked: Json, media_type: str) -> str:
    """Return how the name of what is written ends."""
    if asked.get("format"):
        return str(asked["format"])
    return str(_STAYS.get(media_type, VideoFormat.MP4))


def arguments(asked: Json, media_type: str) -> list[str]:
    """Return what follows the program's name; it reads `input` and writes `output`."""
    task = Task(asked["task"])
    reading = [*_seek(asked), *_read("input")]
    if task is Task.WATERMARK_VIDEO:
        reading += _read("watermark")
    if task in _OF_SOUND:
        writing = ["-vn", "-map_metadata", "-1", *_AUDIO[AudioFormat(asked["format"])]]
    else:
        form = VideoFormat(extension(asked, media_type))
        writing = [*_filter(task, asked), *_VIDEO[form]]
    return [*_QUIETLY, *_NOT_EMPTY, *reading, *writing, "-threads", "2", "file:output"]


def speech(form: str) -> list[str]:
    """Return what makes `output`, speech in this format, of `spoken.wav`."""
    told = ("-ar", _SPEECH_RATE, "-ac", "1", *_SPEECH[form])
    return [*_QUIETLY, *_read("spoken.wav"), *told, "file:output"]


def recording() -> list[str]:
    """Return what makes `sound.wav`, as it is heard, of `input`."""
    told = ("-vn", "-ar", _HEARD_RATE, "-ac", "1", "-c:a", "pcm_s16le", "-f", "wav")
    return [*_QUIETLY, *_read("input"), *told, "-fflags", "+bitexact", "file:sound.wav"]


def measure() -> list[str]:
    """Return what writes into `measured` how far the first sound of `input` goes."""
    told = ("-map", "0:a:0", "-c", "copy", "-progress", "file:measured", "-f", "null", "file:-")
    return [*_QUIETLY, *_read("input"), *told]


def _read(name: str) -> list[str]:
    return [
        *("-protocol_whitelist", "file", "-format_whitelist", _DEMUXERS),
        *("-max_pixels", str(_MOST_PIXELS), "-i", f"file:{name}"),
    ]


def _seek(asked: Json) -> list[str]:
    if Task(asked["task"]) not in (Task.TRIM_VIDEO, Task.TRIM_AUDIO):
        return []
    end = ["-to", str(asked["end_s"])] if asked.get("end_s") is not None else []
    return ["-ss", str(asked["start_s"]), *end]


def _filter(task: Task, asked: Json) -> list[str]:
    if task is Task.CROP_VIDEO:
        part = ":".join(str(asked[name]) for name in ("width", "height", "x", "y"))
        return ["-vf", f"crop={part}:exact=1,{_EVEN}"]
    if task is Task.SCALE_VIDEO:
        return ["-vf", f"scale={asked.get('width') or -2}:{asked.get('height') or -2},{_EVEN}"]
    if task is Task.WATERMARK_VIDEO:
        place = _MARKED[Position(asked["position"])]
        mark = f"[1:v]scale=iw*0.2:-1[mark];[0:v][mark]overlay={place},{_EVEN}"
        return ["-filter_complex", mark]
    return ["-vf", _EVEN]
