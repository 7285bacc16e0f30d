"""Formats that media can be converted to, and where a watermark can be. Pure.

Names are AI Server's: those of its enums, or their values on the wire.
"""

from __future__ import annotations

from enum import StrEnum


class ImageFormat(StrEnum):
    """Of pictures."""

    JPG = "jpg"
    PNG = "png"
    GIF = "gif"
    BMP = "bmp"
    TIFF = "tiff"
    WEBP = "webp"


class VideoFormat(StrEnum):
    """Of videos; clients of AI Server know mkv by the name MVK."""

    MP4 = "mp4"
    MOV = "mov"
    WEBM = "webm"
    MKV = "mkv"
    AVI = "avi"
    WMV = "wmv"
    MPEG = "mpeg"
    OGG = "ogg"


class AudioFormat(StrEnum):
    """Of sound."""

    MP3 = "mp3"
    WAV = "wav"
    AAC = "aac"
    FLAC = "flac"
    OGG = "ogg"
    M4A = "m4a"
    WMA = "wma"


class Position(StrEnum):
    """Of a watermark."""

    TOP_LEFT = "TopLeft"
    TOP_RIGHT = "TopRight"
    BOTTOM_LEFT = "BottomLeft"
    BOTTOM_RIGHT = "BottomRight"
    CENTER = "Center"


class Task(StrEnum):
    """What is done to a file."""

    CONVERT_IMAGE = "ConvertImage"
    CROP_IMAGE = "CropImage"
    SCALE_IMAGE = "ScaleImage"
    WATERMARK_IMAGE = "WatermarkImage"
    UPSCALE_IMAGE = "UpscaleImage"
    #: White where a picture is transparent, else black.
    MASK_IMAGE = "MaskImage"
    CONVERT_VIDEO = "ConvertVideo"
    CROP_VIDEO = "CropVideo"
    SCALE_VIDEO = "ScaleVideo"
    TRIM_VIDEO = "TrimVideo"
    WATERMARK_VIDEO = "WatermarkVideo"
    CONVERT_AUDIO = "ConvertAudio"
    TRIM_AUDIO = "TrimAudio"

    @property
    def is_of_a_picture(self) -> bool:
        """Whether it is done by Pillow; ffmpeg does the others."""
        return self.endswith("Image")
