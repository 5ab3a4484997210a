"""The routes of accounts and tokens."""

from leonidas_jupyter.auth.schemas import (
    AuthResponse,
    LogoutRequest,
    RefreshRequest,
    TokenRequest,
    UserLogin,
    UserRegister,
    UserResponse,
)
from leonidas_jupyter.auth.service import AuthService
from leonidas_jupyter.core.errors import ErrorCode
from leonidas_jupyter.core.http import RateLimit, Request, Response, Route, Services
from leonidas_jupyter.core.tokens import bearer


async def register(request: Request, services: Services) -> Response:
    """A new account."""
    wanted = request.json(UserRegister)
    return Response(201, await services[AuthService].register(wanted))


async def login(request: Request, services: Services) -> Response:
    """E-mail and password for tokens."""
    given = request.json(UserLogin)
    return Response(body=await services[AuthService].login(given))


async def exchange(request: Request, services: Services) -> Response:
    """The identity that Jupyter established, or a kernel's secret, for tokens."""
    given = request.json(TokenRequest)
    if given.kernel_secret is not None:
        return Response(body=await services[AuthService].exchange_secret(given.kernel_secret))
    return Response(body=await services[AuthService].exchange(request.user))


async def refresh(request: Request, services: Services) -> Response:
    """The next tokens."""
    given = request.json(RefreshRequest)
    return Response(body=await services[AuthService].refresh(given.refresh_token))


async def logout(request: Request, services: Services) -> Response:
    """No more tokens."""
    given = request.json(LogoutRequest)
    token = bearer(request.headers.get("authorization"))
    await services[AuthService].logout(token, given.refresh_token)
    return Response(204)


async def me(request: Request, services: Services) -> Response:
    """Who is calling."""
    return Response(body=await services[AuthService].me(request.user))


_LOGIN_RATE = RateLimit("login_rate")
_CALLER = (ErrorCode.INVALID_REQUEST, ErrorCode.UNAUTHENTICATED)

ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/auth/register",
        "Create an account",
        who="account",
        handler=register,
        takes=UserRegister,
        gives=AuthResponse,
        status=201,
        errors=(ErrorCode.INVALID_REQUEST, ErrorCode.FORBIDDEN_BY_POLICY, ErrorCode.CONFLICT),
        rate_limit=_LOGIN_RATE,
    ),
    Route(
        "POST",
        "/auth/login",
        "Sign in with e-mail and password",
        who="account",
        handler=login,
        takes=UserLogin,
        gives=AuthResponse,
        errors=(*_CALLER, ErrorCode.FORBIDDEN_BY_POLICY),
        rate_limit=_LOGIN_RATE,
    ),
    Route(
        "POST",
        "/auth/token",
        "Exchange the Jupyter identity, or a kernel's secret, for tokens",
        who="kernel_secret",
        handler=exchange,
        takes=TokenRequest,
        gives=AuthResponse,
        errors=_CALLER,
    ),
    Route(
        "POST",
        "/auth/refresh",
        "Rotate the refresh token; using an old one again signs the family out",
        who="open",
        handler=refresh,
        takes=RefreshRequest,
        gives=AuthResponse,
        errors=_CALLER,
    ),
    Route(
        "POST",
        "/auth/logout",
        "Sign out the tokens that are sent",
        handler=logout,
        takes=LogoutRequest,
        status=204,
        errors=(ErrorCode.INVALID_REQUEST,),
    ),
    Route(
        "GET",
        "/auth/me",
        "Who I am, and what the policy lets me do",
        handler=me,
        gives=UserResponse,
    ),
)
