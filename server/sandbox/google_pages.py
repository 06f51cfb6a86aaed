"""Google's side of the sandbox for a browser: pictures of passes, and the page that saves them."""

from typing import Any

from flask import Flask, Response, abort, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from server.sandbox.android_drawing import code_svg
from server.sandbox.android_links import SAVE_PATH
from server.sandbox.androids import Androids
from server.sandbox.errors import SaveRefused
from server.sandbox.google_drawing import draw_face
from server.sandbox.google_pictures import GooglePictures
from server.sandbox.pictures import picture_answer
